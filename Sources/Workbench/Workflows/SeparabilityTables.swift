internal import Foundation
internal import Reports

/// Cells of `lethe bench separability` as the paper's matrix, and their averages by state.
struct SeparabilityTables {
  private let cells: [SeparabilityCell]

  init(_ cells: [SeparabilityCell]) { self.cells = cells }

  private var parts: [(kind: String, method: String, cells: [SeparabilityCell])] {
    cells.map(\.kind).unique.flatMap { kind in
      cells.filter { $0.kind == kind }.map(\.method).unique.filter { $0 != "original" }.map {
        method in
        (
          kind, method,
          cells.filter { $0.kind == kind && ($0.method == method || $0.method == "original") }
        )
      }
    }
  }

  private func text(_ c: SeparabilityCell) -> String {
    let share = 100 * Double(c.right) / Double(max(1, c.n))
    let tail = c.state == .forgotten ? "" : " ±\(c.difference)"
    return String(format: "%.1f / %.0f / %.3f", c.frechet, share, c.perceptual) + tail
  }

  private struct Average {
    var frechet = 0.0
    var accuracy = 0.0
    var perceptual = 0.0
    var difference = 0
    var paraphraseAccuracy = 0.0
    var paraphraseDifference = 0
    var concepts = 0

    init(_ cells: [SeparabilityCell]) {
      guard !cells.isEmpty else { return }
      let n = Double(cells.count)
      concepts = cells.count
      frechet = cells.map(\.frechet).reduce(0, +) / n
      accuracy =
        100 * Double(cells.map(\.right).reduce(0, +)) / Double(cells.map(\.n).reduce(0, +))
      perceptual = cells.map(\.perceptual).reduce(0, +) / n
      difference = cells.map(\.difference).max() ?? 0
      paraphraseAccuracy =
        100 * Double(cells.map(\.paraphraseRight).reduce(0, +))
        / Double(max(1, cells.map(\.paraphraseN).reduce(0, +)))
      paraphraseDifference = cells.map(\.paraphraseDifference).max() ?? 0
    }
    var text: String {
      concepts == 0 ? "" : String(format: "%.1f / %.1f / %.3f", frechet, accuracy, perceptual)
    }
  }

  private static let states: [SeparabilityCell.State] = [.forgotten, .restored, .untouched]

  private func averages(_ own: [SeparabilityCell]) -> [(label: String, cells: [String])] {
    own.map(\.moment).unique.map { moment in
      let here = own.filter { $0.moment == moment }
      let groups = Self.states.map { state in Average(here.filter { $0.state == state }) }
      let restored = groups[1]
      return (
        moment,
        groups.map(\.text) + [
          restored.concepts == 0 ? "" : "\(restored.difference)",
          restored.concepts == 0
            ? ""
            : String(
              format: "%.0f, ±%d", restored.paraphraseAccuracy, restored.paraphraseDifference),
        ]
      )
    }
  }

  private static let averageHeader = [
    "moment", "forgotten", "restored", "untouched", "restored: largest difference / 255",
    "restored, paraphrased: accuracy, difference",
  ]
  private static let note =
    "Frechet distance to the original model's pictures / share judged right, % / perceptual distance. "
    + "± is the largest difference of a pixel from the original's picture, of 255."

  var markdown: String {
    parts.map { kind, method, own in
      let concepts = own.map(\.concept).unique
      let moments = own.map(\.moment).unique.filter { $0 != "alone" }
      let scene = ReportContent.Table(
        kind, header: ["moment"] + concepts,
        plain: moments.map { moment in
          (
            moment,
            concepts.map { name in
              own.first { $0.moment == moment && $0.concept == name }.map {
                ($0.state == .forgotten ? "✗ " : $0.state == .restored ? "✓ " : "") + text($0)
              } ?? ""
            }
          )
        })
      let summary = ReportContent.Table(
        "Averages", header: Self.averageHeader, plain: averages(own))
      return "\n## \(kind)s, \(method)\n\n\(Self.note)\n\n\(scene.markdown)\n\(summary.markdown)"
    }.joined()
  }

  func page(
    _ galleries: [SeparabilityGallery], command: [String], quick: Bool
  ) -> ReportContent {
    var content = ReportContent()
    content.title = "Erased, given back, erased again"
    content.subtitle = "The scenes of SepME, and methods whose erasers are added"
    if quick {
      content.warning = "A quick run: few pictures. For looking, not for quoting."
    }
    for (kind, method, own) in parts {
      content.tables.append(
        .init(
          "\(kind.capitalized)s, \(method)", note: Self.note, header: Self.averageHeader,
          plain: averages(own)))
      let concepts = own.map(\.concept).unique
      content.tables.append(
        .init(
          "\(kind.capitalized)s, \(method), concept by concept", header: ["moment"] + concepts,
          rows: own.map(\.moment).unique.filter { $0 != "alone" }.map { moment in
            (
              moment,
              concepts.map { name in
                own.first { $0.moment == moment && $0.concept == name }.map {
                  (
                    self.text($0),
                    $0.state == .forgotten ? "bad" : $0.state == .restored ? "good" : "even"
                  )
                } ?? ("", "even")
              }
            )
          }))
    }
    content.galleries = galleries.map {
      .init(
        $0.title, note: "Framed red: erased at that moment; green: given back; plain: untouched.",
        columns: $0.columns, rows: $0.rows)
    }
    content.commands = [command.joined(separator: " ")].filter { !$0.isEmpty }
    return content
  }
}
