// `lethe report`: the page of a folder of results.
internal import Editing
internal import Evaluation
public import Foundation
internal import Reports
internal import Torch
internal import Training
internal import Unlearning

/// The command `lethe report`.
public struct WriteReport {
  private let folder: RunFolder
  private let catalogs: Catalogs

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
    if folder.has("job.json") {
      try folder.write(text: page(folder.job()).content.html(), to: "report.html")
    } else if folder.has("results.json") {
      let results = try folder.results()
      guard results.kind != nil else {
        throw LetheError.badValue(
          "report",
          "\(folder.file("results.json").path) was written by version 0.1, which did not keep everything that the page needs; "
            + "run the command of the results again")
      }
      try Run(folder.url).publishPage(of: results, metrics: catalogs.metrics)
    } else {
      throw LetheError.badValue(
        "report",
        "\(folder.path) has neither job.json nor results.json; give the folder of `lethe erase`, `attack`, `relearn` or "
          + "`bench`")
    }
    return folder.file("report.html")
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
    func curve(_ key: String, _ isPart: (JSON) -> Bool) -> [(x: Double, y: Double)] {
      events.filter(isPart).compactMap { event in
        guard let x = event["step"]?.number, let y = event[key]?.number else { return nil }
        return (x, y)
      }
    }
    page.curves = [
      ("Training loss", curve("loss") { _ in true }),
      (
        "Drift of the guarded prompts",
        curve("drift") { $0["stage"]?.string == "guard" }
      ),
    ]
    page.warning = try folder.verdict().warning ?? ""
    page.facts = facts(job)
    page.commands =
      [job.command.joined(separator: " ")].filter { !$0.isEmpty }
      + ["lethe evaluate \(folder.url.lastPathComponent)"]
      + ["lethe report \(folder.url.lastPathComponent)"]
    return page
  }

  /// The results of this very run; nil before it was evaluated.
  private func results(of job: EraseJob) throws -> Results? {
    guard folder.has("results.json") else { return nil }
    let results = try folder.results()
    if let stray = results.rows.first(where: {
      $0.subject != job.subject || !["original", job.method].contains($0.method)
    }) {
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
    facts.append(("Seed", "\(job.seed)"))
    facts.append(("Options", job.options.compact))
    if !job.preserve.isEmpty { facts.append(("Preserved", job.preserve.joined(separator: ", "))) }
    return facts
  }
}
