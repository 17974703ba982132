internal import Evaluation
internal import Foundation
internal import Torch

extension RunPage {
  /// The forgotten subjects in all styles (or objects), and a few other subjects.
  var grids: [ReportContent.Grid] {
    get throws {
      let files = FileManager.default
      let sets = try ["original", "erased"].compactMap { name -> SampleSet? in
        let place = try folder.inside(name, "a folder of pictures", of: folder)
        let manifest = place.appendingPathComponent("manifest.json")
        return files.fileExists(atPath: manifest.path) ? try SampleSet(place) : nil
      }
      guard sets.count == 2, let before = sets.first, let after = sets.last else { return [] }
      let finished = try before.manifest.samples.filter { sample in
        try after.manifest.samples.contains(sample)
          && sets.allSatisfy { files.fileExists(atPath: try $0.url(sample).path) }
      }
      let isGone: (SampleSet.Sample) -> Bool = { $0.subjects.values.contains(where: gone.contains) }
      return try [
        // The cards have all of the forgotten ones where a judge's verdicts are known.
        ("Forgotten subjects", judged.isEmpty ? finished.filter(isGone) : [], 6),
        ("Other subjects", finished.filter { !isGone($0) }, 8),
      ].compactMap { title, samples, rows in
        try grid(title, samples, rows: rows, before, after)
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
    let shown = objects.count > rows ? "\(title): \(rows) of \(objects.count)" : title
    return found.isEmpty ? nil : .init(shown, columns: columns, rows: found)
  }
}

extension Array {
  /// At most `count` members, spread evenly.
  fileprivate func spread(_ count: Int) -> [Element] {
    guard self.count > count else { return self }
    return (0..<count).map { self[$0 * self.count / count] }
  }
}
