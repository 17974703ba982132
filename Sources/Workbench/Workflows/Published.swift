// The three files that a reader finds in a folder of results.
internal import Foundation
internal import Reports
internal import Torch
internal import Training

extension Run {
  /// Writes `results.json`, `results.md` and `report.html`, each whole or not at all.
  func publish(_ results: JSON, markdown: String, page: ReportContent) throws {
    try AtomicFile.write(Data(results.pretty.utf8), to: file("results.json"))
    try AtomicFile.write(Data(markdown.utf8), to: file("results.md"))
    try AtomicFile.write(Data(try page.html().utf8), to: file("report.html"))
  }
}
