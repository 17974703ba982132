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
    guard !folder.has("job.json") else {
      return try RunReport(folder, catalogs).page().content.html()
    }
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

  /// Writes the page of a run again where there is one, once an evaluation, an attack or a fine-tuning of the run has new results.
  /// - Parameter note: takes the sentence where the page cannot be made
  func renew(_ note: (String?) -> Void) {
    // The folder of an audit has a page of another kind.
    guard folder.has("job.json"), folder.has("report.html") else { return }
    do {
      // A run that was attacked before it was measured has no results of its own.
      guard try !folder.has("results.json") || folder.results().kind == .evaluation else { return }
      try self()
    } catch {
      note("\(folder.file("report.html").path) is not renewed: \(error)")
    }
  }
}
