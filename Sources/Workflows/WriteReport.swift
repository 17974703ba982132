// `lethe report`: the page of a folder of results.
internal import Editing
internal import Evaluation
public import Foundation
internal import Reports
internal import Torch
internal import Training
internal import Unlearning
public import Workbench

/// The command `lethe report`.
public struct WriteReport {
  private let folder: RunFolder
  private let catalogs: Catalogs

  /// The files that a page is made of beside pictures.
  private static let read = [
    "job.json", "results.json", "samples.jsonl", "judges.json", "provenance.json", "verdict.json",
    "events.jsonl", "erased/manifest.json", "original/manifest.json", "attack/results.json",
    "relearn/results.json",
  ]

  /// - Parameter catalogs: the catalogs with the titles of methods and metrics
  public init(_ folder: RunFolder, catalogs: Catalogs = .builtIn) {
    (self.folder, self.catalogs) = (folder, catalogs)
  }

  /// Writes `report.html` into the folder. The page of a run is made of all its files. The page of a benchmark, an
  /// attack or a relearning is made of its `results.json` and pictures.
  /// - Returns: the page's file
  /// - Throws: ``LetheError`` of the kind `request` for another folder, or for results of version 0.1
  @discardableResult
  public func callAsFunction() throws -> URL {
    try NamedPlace.requireFolder(
      folder.url.relativePath, option: "report", "a folder with results")
    for name in Self.read { _ = try folder.own(name) }
    if folder.has("job.json") {
      try folder.write(text: html(), to: "report.html")
    } else {
      try Run(folder.url).publishPage(of: typed(), metrics: catalogs.metrics)
    }
    return folder.file("report.html")
  }

  /// The page as it would be written.
  /// - Throws: ``LetheError``, as for writing it
  package func html() throws -> String {
    guard !folder.has("job.json") else { return try page(folder.job()).content.html() }
    return try ResultsPage.content(of: typed(), in: folder.url, metrics: catalogs.metrics).html()
  }

  /// The results of a folder that is no run of `lethe erase`.
  private func typed() throws -> Results {
    let place = folder.url.relativePath
    guard folder.has("results.json") else {
      throw LetheError.badValue(
        "report",
        "\(place) \(folder.inside.map { "is \($0)" } ?? "has neither job.json nor results.json"); give the folder of "
          + "`lethe erase`, or one with the results.json of `attack`, `relearn`, `audit` or `bench`"
      )
    }
    let results = try folder.results()
    guard results.kind != nil else {
      throw LetheError.badValue(
        "report",
        "\(folder.file("results.json").path) was written by version 0.1, which did not keep everything that the page needs; "
          + "run the command of the results again")
    }
    return results
  }

  /// Writes the page of a run again where there is one, once an attack or a fine-tuning on the run has new results.
  /// - Parameter note: takes the sentence where the page cannot be made
  func renew(_ note: (String?) -> Void) {
    // The folder of an audit has a page of another kind.
    guard folder.has("job.json"), folder.has("report.html"),
      let kind = try? folder.results().kind, kind == .evaluation
    else { return }
    do { try self() } catch {
      note("\(folder.file("report.html").path) is not renewed: \(error)")
    }
  }

  private func page(_ job: EraseJob) throws -> RunPage {
    var page = RunPage(folder.url)
    page.concept = job.concepts.joined(separator: ", ")
    // A method of another package has its name alone here.
    let title = (try? catalogs.methods.named(job.method).card).map { "\($0.title) (\($0.paper))" }
    page.subtitle = "\(title ?? job.method) on \(job.folder.name)"
    page.metrics = catalogs.metrics
    page.results = try results(of: job)
    try checkPictures(of: job)
    if let themes = try job.folder.listedThemes() {
      page.gone = Set(job.concepts.compactMap { themes.find($0)?.name })
      page.styles = themes.styles
    }
    let events = try Run(folder.url).events()
    page.judged = page.results == nil ? [] : try judged()
    page.kind =
      page.judged.lazy.compactMap { picture in
        picture.asked.first { page.gone.contains($0.value) }?.key
      }.first ?? job.kind.rawValue
    if page.gone.isEmpty { page.gone = Set(job.concepts) }
    page.returns = try returns()
    let measuring = job.measuring(path, judges: try folder.judges())
    page.measuring = "Measure it: \((["lethe"] + measuring).shellCommand)"
    func curve(_ key: String, _ isPart: (JSON) -> Bool) -> [(x: Double, y: Double)] {
      events.filter(isPart).compactMap { event in
        guard let x = event["step"]?.number, let y = event[key]?.number else { return nil }
        return (x, y)
      }
    }
    page.curves = [
      ("Training loss", "loss", curve("loss") { _ in true }),
      (
        "Drift of the guarded prompts", "drift",
        curve("drift") { $0["stage"]?.string == "guard" }
      ),
    ]
    page.driftLimit =
      events.lazy.filter { $0["stage"]?.string == "guard" }
      .compactMap { $0["limit"]?.number }.first
    page.warning = try folder.verdict().warning ?? ""
    page.unpreserved = job.nothingPreserved(catalogs)
    page.facts = facts(job)
    page.links = ["results.json", "samples.jsonl", "job.json", "events.csv"].filter(folder.has).map
    { ($0, $0) }
    page.commands = try commands(job, page.results)
    return page
  }

  /// The commands from the model to this page: those that made the erasers, the one that measured, those that
  /// tried to bring the concept back, and `report`.
  private func commands(_ job: EraseJob, _ results: Results?) throws -> [String] {
    let measured = results.map { $0.command.isEmpty ? ["lethe", "evaluate", path] : $0.command }
    // The command of a sum is the one that measured it.
    let made = job.sum == nil || measured == nil ? job.making : job.makingOfParts
    let tried = try ["attack", "relearn"].filter { folder.has("\($0)/results.json") }
      .map { try RunFolder(folder.file($0)).results().command.shellCommand }
    return
      (made + [(measured ?? []).shellCommand] + tried + [["lethe", "report", path].shellCommand])
      .filter { !$0.isEmpty }.unique
  }

  /// The folder as the user named it.
  private var path: String { folder.url.relativePath }

  /// The judge's verdicts on the pictures; none in runs of version 0.1.
  private func judged() throws -> [JudgedPicture] {
    guard folder.has("samples.jsonl") else { return [] }
    let file = folder.file("samples.jsonl")
    return try InputFile.text(file).split(separator: "\n").enumerated().map { i, line in
      guard let json = try? JSONText.value(Data(line.utf8)) else {
        throw LetheError.malformed(file, "line \(i + 1) is no JSON")
      }
      return try Checked(json, "\(file.path), line \(i + 1)", .model).decoded()
    }
  }

  /// Findings of the attacks and fine-tunings on this run, in sentences.
  private func returns() throws -> [String] {
    var found: [String] = []
    if folder.has("attack/results.json") {
      let results = try RunFolder(folder.file("attack")).results()
      found +=
        try doubt(on: results, "attacks").map { [$0] } ?? AttackPage.verdict(results)?.lines ?? []
    }
    if folder.has("relearn/results.json") {
      let results = try RunFolder(folder.file("relearn")).results()
      let rows = results.rows.filter {
        $0.metric == "success" && $0.axes.trainedOn == .concept && $0.axes.seed == nil
      }
      if let doubt = try doubt(on: results, "fine-tunings") {
        found.append(doubt)
      } else if let last = rows.max(by: { ($0.axes.step ?? 0) < ($1.axes.step ?? 0) }) {
        found.append(
          "After \(last.axes.step ?? 0) steps of fine-tuning on it, \(last.measured.text(digits: 0, hasUnit: true)) of the "
            + "prompts show it.")
      }
    }
    return found
  }

  /// A sentence in the place of rates by a judge that the run's evaluation found unable to tell; nil for others.
  private func doubt(on results: Results, _ noun: String) throws -> String? {
    guard folder.has("results.json") else { return nil }
    // The results of a fine-tuning name no judge: it asks the first of the run's.
    let named = try results.judges.first ?? folder.results().judges.first
    guard let spec = named?.spec, try folder.quality(of: spec)?.standing == .cannotTell else {
      return nil
    }
    return
      "\(spec) judged the \(noun), and it cannot tell the concept, so their rates are left out."
  }

  /// The results of this very run; nil before it was evaluated.
  private func results(of job: EraseJob) throws -> Results? {
    guard folder.has("results.json") else { return nil }
    let results = try folder.results()
    // Concepts of two kinds have rows of their own.
    let themes = try job.folder.listedThemes()
    let known = job.concepts.compactMap { themes?.find($0) }
    let subjects = Themes.Kind.allCases.map { kind in
      let names = known.filter { $0.kind == kind }.map(\.name)
      return job.subject(of: Forgotten(kind: kind.rawValue, names: names), in: themes)
    }
    func isOwn(_ row: ResultRow) -> Bool {
      ["original", job.method].contains(row.method)
        && (row.subject == job.subject || row.axes.kind != nil && subjects.contains(row.subject))
    }
    if let stray = results.rows.first(where: { !isOwn($0) }) {
      throw LetheError.badValue(
        "report",
        "\(folder.file("results.json").path) is of '\(stray.subject)' by \(stray.method), the run of '\(job.subject)' by "
          + "\(job.method); `lethe evaluate` measures it anew")
    }
    return results
  }

  /// - Throws: ``LetheError`` of the kind `request` for pictures of another run in this folder
  private func checkPictures(of job: EraseJob) throws {
    guard folder.has("erased/manifest.json") else { return }
    let manifest = try SampleSet(folder.file("erased")).manifest
    let base = folder.provenance()?.base ?? manifest.model
    guard manifest.erasers == job.pictured, manifest.model == base else {
      throw LetheError.badValue(
        "report",
        "the pictures in \(folder.file("erased").path) are of another run (\(manifest.erasers.joined(separator: ", "))); "
          + "`lethe evaluate` draws this one's")
    }
  }

  private func facts(_ job: EraseJob) -> [(String, String)] {
    var facts: [(String, String)] = []
    if let p = folder.provenance() {
      facts = [
        ("Base model", "SHA-256 \(p.base)"),
        (
          "Made with",
          "lethe \(p.lethe), libtorch \(p.libtorch), \(p.device), \(p.threads) threads"
        ),
        ("Date", p.date),
        (
          "Erasing took",
          String(format: "%.1f s, at most %.0f MB", p.seconds, Double(p.peakMemory) / 1e6)
        ),
      ]
    }
    if let parts = job.sum {
      facts.append(("Sum of", parts.map { "\($0.eraser) (\($0.words))" }.joined(separator: ", ")))
    } else {
      facts.append(("Seed", "\(job.seed)"))
    }
    if let machine = folder.provenance()?.machine { facts.append(("Machine", machine)) }
    if let settings = folder.provenance()?.settings {
      facts += ResultsPage.settings(settings)
    } else if job.sum == nil {
      facts.append(("Options", job.options.compact))
    }
    if !job.preserve.isEmpty {
      facts.append(("Preserved", job.preserve.joined(separator: ", ")))
    } else if job.sum == nil, job.nothingPreserved(catalogs) != nil {
      facts.append(("Preserved", "nothing"))
    }
    if folder.hasEraser, let hash = try? folder.eraser().hash() {
      facts.append(("Eraser", "SHA-256 \(hash)"))
    }
    if let results = try? results(of: job) {
      // The sum of several erasers has no record of its own making.
      facts += ResultsPage.facts(results).filter { fact in
        fact.0.hasPrefix("Judge") || fact.0 == "Pictures"
          || job.sum != nil && ["Made with", "Machine", "Date", "Model"].contains(fact.0)
      }
    }
    return facts
  }
}

extension EraseJob {
  /// The commands that made the erasers of a sum, as a shell takes them; none for an eraser of one command.
  var makingOfParts: [String] {
    (sum ?? []).map { part in
      part.command.isEmpty
        ? "# \(part.eraser): \(part.words); the command that made it is not known".printable()
        : part.command.shellCommand
    }
  }

  /// The commands that made the eraser.
  var making: [String] { (makingOfParts + [command.shellCommand]).filter { !$0.isEmpty } }
}
