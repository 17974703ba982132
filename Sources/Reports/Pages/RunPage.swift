package import Evaluation
package import Foundation
internal import Torch

/// The page of one erasure: measurements, pictures before and after, and the curves of the training.
package struct RunPage {
  /// The forgotten concepts.
  package var concept = ""
  package var subtitle = ""
  /// The run's measurements. It is nil before `lethe evaluate`.
  package var results: Results?
  /// The folder with the sample sets `original` and `erased`.
  package var folder: URL
  /// The names of the forgotten subjects.
  package var gone: Set<String> = []
  /// The styles that the model lists, which are the grids' columns. Without styles, the columns are the first
  /// pictures of each object.
  package var styles: [String] = []
  /// Curves of the training: titles and points.
  package var curves: [(title: String, points: [(x: Double, y: Double)])] = []
  /// The guard's sentence where it stopped the training, and else empty.
  package var warning = ""
  package var facts: [(String, String)] = []
  package var commands: [String] = []
  /// The catalog with the metrics' titles and better directions.
  package var metrics = MetricCatalog.builtIn

  package init(_ folder: URL) { self.folder = folder }

  package var content: ReportContent {
    get throws {
      var content = ReportContent()
      content.title = "Forgetting “\(concept)”"
      content.subtitle = subtitle
      if let results { addMetrics(results, to: &content) }
      try addGrids(to: &content)
      content.charts = curves.filter { $0.points.count > 1 }.map {
        Chart($0.title, xLabel: "step", $0.points)
      }
      content.warning = [content.warning, warning].filter { !$0.isEmpty }.joined(separator: " ")
      (content.facts, content.commands) = (facts, commands)
      return content
    }
  }

  private func addMetrics(_ results: Results, to content: inout ReportContent) {
    let original = results.rows.filter { $0.method == "original" }
    let erased = results.rows.filter { $0.method != "original" }
    for metric in metrics.all {
      guard let before = original.value(metric.name), let after = erased.value(metric.name) else {
        continue
      }
      let isBetter = (after.value > before.value) == (metric.better == .higher)
      let isApart = after.interval.flatMap { a in before.interval.map(a.isApart) } ?? false
      content.metrics.append(
        .init(
          title: metric.title, name: metric.name, direction: metric.better == .higher ? "↑" : "↓",
          original: before.text(hasUnit: true), erased: after.text(hasUnit: true),
          delta: after.difference(to: before) + (metric.unit == .share ? " points" : ""),
          n: "\(after.n)", verdict: isApart ? (isBetter ? "good" : "bad") : "even"))
    }
    func share(_ name: String) -> String? {
      erased.value(name).map { $0.plain(digits: 0) + " %" }
    }
    if let ua = share("ua"), let ira = share("ira") {
      content.summary =
        "The judge does not see the concept in \(ua) of the pictures that were asked for with it. It sees other "
        + "subjects of the same kind in \(ira) of their pictures"
        + (share("cra").map { ", and subjects of the other kind in \($0)." } ?? ".")
    }
    content.metricNote =
      "95 % intervals are in brackets: Wilson's for shares, Student's t for means, bootstrap for distances. A change has "
      + "a colour where the two intervals do not overlap. \(results.drawing)."
    if let broken = erased.value("not-finite") {
      content.warning =
        "\(broken.plain(digits: 0)) of \(broken.n) pictures of the erased model have no finite numbers. They are shown "
        + "grey and not judged. "
    }
    if results.quick {
      content.warning +=
        "A quick run: it has few pictures and wide intervals. Quote a full run instead."
    }
  }

  /// The forgotten subjects in all styles (or objects), and a few other subjects.
  private func addGrids(to content: inout ReportContent) throws {
    let files = FileManager.default
    let sets = try ["original", "erased"].compactMap { name -> SampleSet? in
      let place = try folder.inside(name, "a folder of pictures", of: folder)
      let manifest = place.appendingPathComponent("manifest.json")
      return files.fileExists(atPath: manifest.path) ? try SampleSet(place) : nil
    }
    guard sets.count == 2, let before = sets.first, let after = sets.last else { return }
    let finished = try before.manifest.samples.filter { sample in
      try after.manifest.samples.contains(sample)
        && sets.allSatisfy { files.fileExists(atPath: try $0.url(sample).path) }
    }
    let isGone: (SampleSet.Sample) -> Bool = { $0.subjects.values.contains(where: gone.contains) }
    for (title, samples, rows) in [
      ("Forgotten subjects", finished.filter(isGone), 6),
      ("Other subjects", finished.filter { !isGone($0) }, 8),
    ] {
      if let grid = try grid(title, samples, rows: rows, before, after) {
        content.grids.append(grid)
      }
    }
  }

  private func grid(
    _ title: String, _ samples: [SampleSet.Sample], rows: Int, _ before: SampleSet,
    _ after: SampleSet
  ) throws -> ReportContent.Grid? {
    let columns =
      styles.isEmpty
      ? (1...6).map { "\($0)" }
      : styles.filter { style in samples.contains { $0.subjects["style"] == style } }
    let objects = samples.compactMap { $0.subjects["object"] }.unique
    let found = try objects.spread(rows).map { object -> ReportContent.GridRow in
      let cells = try columns.enumerated().compactMap {
        k, style -> (original: Data, erased: Data, prompt: String, seed: UInt64)? in
        guard
          let sample = samples.first(where: {
            $0.subjects["object"] == object
              && (styles.isEmpty ? $0.k == k : $0.subjects["style"] == style)
          })
        else { return nil }
        return (
          try ReportContent.picture(in: before.url(sample)),
          try ReportContent.picture(in: after.url(sample)),
          sample.prompt, sample.seed
        )
      }
      return .init(object, cells)
    }
    return found.isEmpty ? nil : .init(title, columns: columns, rows: found)
  }
}

extension Array {
  /// At most `count` members, spread evenly.
  fileprivate func spread(_ count: Int) -> [Element] {
    guard self.count > count else { return self }
    return (0..<count).map { self[$0 * self.count / count] }
  }
}
