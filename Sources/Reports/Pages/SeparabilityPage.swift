internal import Evaluation
internal import Foundation
internal import Torch

/// The page of `lethe bench separability`: a matrix of concepts and moments as in SepME's Tables 2 and 3, and
/// averages by state.
struct SeparabilityPage {
  let results: Results
  let folder: URL

  init(_ results: Results, _ folder: URL) { (self.results, self.folder) = (results, folder) }

  /// The numbers of a cell. The perceptual distance is there for judges of `lethe train`.
  private var note: String {
    let perceptual = results.rows.of(SceneMetric.perceptual).isEmpty ? "" : " / perceptual distance"
    return
      "Frechet distance to the original model's pictures in the judge's features / judge's accuracy, %\(perceptual). "
      + "± is the largest change of a pixel from the original's picture, of 255."
  }

  /// Each kind and method, with its rows and those of the original.
  private var parts: [(kind: String, method: String, rows: [ResultRow])] {
    results.rows.compactMap(\.axes.kind).unique.flatMap { kind in
      let own = results.rows.filter { $0.axes.kind == kind }
      return own.map(\.method).unique.filter { $0 != "original" }.map { method in
        (kind, method, own.filter { $0.method == method || $0.method == "original" })
      }
    }
  }

  var content: ReportContent {
    get throws {
      var content = ReportContent()
      content.title = "Erased, given back, erased again"
      content.subtitle = "The scenes of SepME, and other methods whose erasers are added up"
      content.verdict = verdict
      content.notices += results.notes
      for (kind, method, rows) in parts {
        content.tables += [
          averages("\(kind.capitalized)s, \(method)", rows).about(method),
          matrix("\(kind.capitalized)s, \(method), concept by concept", rows).about(method),
        ]
      }
      content.galleries = try parts.map(gallery)
      return content
    }
  }

  /// The shares in which the judge sees the concepts that are erased, given back and untouched, by method.
  private var verdict: (sentence: String, state: String)? {
    let states: [(ConceptState, String)] = [
      (.forgotten, "erased"), (.restored, "given back"), (.untouched, "untouched"),
    ]
    let found = results.rows.map(\.method).unique.filter { $0 != "original" }.compactMap { method in
      let own = results.rows.filter { $0.method == method && $0.axes.moment != .alone }
      let parts = states.compactMap { state, word in
        own.filter { $0.axes.state == state }.over(SceneMetric.accuracy)
          .map { "\($0.plain(digits: 0)) % \(word)" }
      }
      return parts.isEmpty ? nil : "\(method): \(parts.joined(separator: ", "))"
    }
    guard !found.isEmpty else { return nil }
    return ("The judge sees concepts in their pictures - \(found.joined(separator: "; ")).", "even")
  }

  private func matrix(_ title: String, _ rows: [ResultRow]) -> Table {
    .pivot(
      rows, title, note: note + " ✗: erased at that moment. ✓: given back.",
      corner: ["moment"],
      down: { row in row.axes.moment.flatMap { $0 == .alone ? nil : [$0.description] } },
      across: rows.map(\.subject).unique.map { concept in
        Table.Column(concept) { cell($0.filter { $0.subject == concept }) }
      })
  }

  /// One concept at one moment.
  private func cell(_ rows: [ResultRow]) -> Table.Cell {
    guard let frechet = rows.value(SceneMetric.frechet) else { return .init("") }
    let text = [
      frechet.plain(digits: 1), rows.value(SceneMetric.accuracy)?.plain(digits: 0) ?? "-",
      rows.value(SceneMetric.perceptual)?.plain(digits: 3),
    ].compactMap(\.self).joined(separator: " / ")
    let difference = " ±\(rows.value(SceneMetric.difference)?.plain(digits: 0) ?? "")"
    switch rows.first?.axes.state {
    case .forgotten: return .init("✗ " + text, .bad)
    case .restored: return .init("✓ " + text + difference, .good)
    case .untouched, nil: return .init(text + difference)
    }
  }

  private func averages(_ title: String, _ rows: [ResultRow]) -> Table {
    func text(_ rows: [ResultRow]) -> String? {
      let frechet = rows.of(SceneMetric.frechet).map(\.value)
      let perceptual = rows.of(SceneMetric.perceptual).map(\.value)
      guard !frechet.isEmpty else { return nil }
      return [
        String(format: "%.1f", frechet.mean), rows.over(SceneMetric.accuracy)?.plain() ?? "-",
        perceptual.isEmpty ? nil : String(format: "%.3f", perceptual.mean),
      ].compactMap(\.self).joined(separator: " / ")
    }
    func largest(_ rows: [ResultRow], _ metric: String) -> Int {
      Int(bounded: rows.of(metric).map(\.value).max() ?? 0, 0...1_000_000_000)
    }
    func of(_ state: ConceptState, _ rows: [ResultRow]) -> [ResultRow] {
      rows.filter { $0.axes.state == state }
    }
    return .pivot(
      rows, title, note: note, corner: ["moment"],
      down: { $0.axes.moment.map { [$0.description] } },
      across: ConceptState.allCases.map { state in
        .text(state.rawValue) { text(of(state, $0)) }
      } + [
        .text("restored: largest difference / 255") { rows in
          let own = of(.restored, rows)
          return own.isEmpty ? nil : "\(largest(own, SceneMetric.difference))"
        },
        .text("restored, trained caption: accuracy, difference") { rows in
          let own = of(.restored, rows)
          guard let accuracy = own.over(SceneMetric.trainedAccuracy) else { return nil }
          return
            "\(accuracy.plain(digits: 0)), ±\(largest(own, SceneMetric.trainedDifference))"
        },
      ])
  }

  private func gallery(
    _ part: (kind: String, method: String, rows: [ResultRow])
  ) throws -> ReportContent.Gallery {
    let own = results.pictures.filter {
      $0.axes.kind == part.kind && ($0.method == part.method || $0.method == "original")
    }
    return .init(
      "\(part.kind.capitalized)s, \(part.method)",
      note: "Orange frame: erased at that moment. Green frame: given back. No frame: untouched.",
      columns: part.rows.map(\.subject).unique,
      rows: try own.compactMap(\.axes.moment).unique.map { moment in
        (
          moment.description,
          try own.filter { $0.axes.moment == moment }.map {
            try $0.cell(
              in: folder, state: $0.method == "original" ? "" : $0.axes.state?.rawValue ?? "")
          }
        )
      })
  }
}
