// Files with which a folder of results is read: `results.json`, `results.md` and `report.html`.
package import Evaluation
internal import Foundation
internal import Processes
internal import Reports
internal import Torch
package import Training

extension Run {
  /// Writes `results.json`, and `results.md` and `report.html` made of it. Each file is written whole or not at all. Of
  /// several ranks the first one does.
  package func publish(_ results: Results, metrics: MetricCatalog) throws {
    guard ranks.isFirst else { return }
    var results = results
    results.origin = results.origin ?? Origin()
    results = runFolder.dated(results)
    try runFolder.write(results, to: "results.json")
    try publishPage(of: results, metrics: metrics)
  }

  /// Writes `results.md` and `report.html` of existing results.
  package func publishPage(of results: Results, metrics: MetricCatalog) throws {
    let page = try ResultsPage.content(of: results, in: folder, metrics: metrics)
    try runFolder.write(text: page.markdown, to: "results.md")
    try runFolder.write(text: page.html(), to: "report.html")
  }
}
