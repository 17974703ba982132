// The page of a run of `lethe erase`, made of all its files.
internal import Editing
internal import Evaluation
internal import Foundation
internal import Reports
internal import Torch
internal import Training
internal import Unlearning
package import Workbench

struct RunReport {
  private let folder: RunFolder
  private let job: EraseJob
  private let catalogs: Catalogs

  init(_ folder: RunFolder, _ catalogs: Catalogs) throws {
    (self.folder, job, self.catalogs) = (folder, try folder.job(), catalogs)
  }

  /// - Throws: ``LetheError`` of the kind `request` for results or pictures of another run in the folder
  func page() throws -> RunPage {
    var page = RunPage(folder.url)
    page.concept = job.concepts.joined(separator: ", ")
    // A method of another package has its name alone here.
    let title = (try? catalogs.methods.named(job.method).card).map { "\($0.title) (\($0.paper))" }
    page.subtitle = "\(title ?? job.method) on \(job.folder.name)"
    page.metrics = catalogs.metrics
    page.results = try results()
    try checkPictures()
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
    page.returns = try RunReturns(folder).sentences()
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
    page.facts = facts()
    page.links = ["results.json", "samples.jsonl", "job.json", "events.csv"].filter(folder.has).map
    { ($0, $0) }
    page.commands = try commands(page.results)
    return page
  }

  /// The commands from the model to this page: those that made the erasers, the one that measured, those that
  /// tried to bring the concept back, and `report`.
  private func commands(_ results: Results?) throws -> [String] {
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

  /// The results of this very run; nil before it was evaluated.
  private func results() throws -> Results? {
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
        && (row.subject == job.subject || row.axes.among == job.subject
          || row.axes.kind != nil && subjects.contains(row.axes.among ?? row.subject))
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
  private func checkPictures() throws {
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

  private func facts() -> [(String, String)] {
    var facts: [(String, String)] = []
    if let p = folder.provenance() {
      facts = [
        ("Base model", "SHA-256 \(p.base)"),
        (
          "Made with",
          "lethe \(p.lethe), libtorch \(p.libtorch), \(p.device), \(p.threads.counted("thread"))"
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
      facts += ResultsPage.settings(settings).map { ($0.title, $0.value) }
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
    if let results = try? results() {
      // The sum of several erasers has no record of its own making.
      facts += ResultsPage.facts(results).filter { fact in
        switch fact.topic {
        case .judge, .pictures: true
        case .program, .machine, .date, .seed, .model: job.sum != nil
        case .eraser, .settings: false
        }
      }.map { ($0.title, $0.value) }
    }
    return facts
  }
}

extension RunFolder {
  /// A sentence on the run's pictures that ask for one erased concept and show another; nil where none does.
  package func otherErased(_ catalogs: Catalogs) -> String? {
    try? RunReport(self, catalogs).page().otherErased
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
