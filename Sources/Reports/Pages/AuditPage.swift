package import Evaluation
internal import Foundation

/// The page of `lethe audit`.
struct AuditPage {
  let results: Results
  let folder: URL

  init(_ results: Results, _ folder: URL) { (self.results, self.folder) = (results, folder) }

  var content: ReportContent {
    get throws {
      var content = ReportContent()
      let audit = results.audit
      let subject = audit?.subject ?? [:]
      content.title = "Audit: “\(subject["concept"] ?? "")” erased from \(name(subject["model"]))"
      content.subtitle =
        "\(subject["method"] ?? "") · kind \(subject["kind"] ?? "") · \(results.drawing)"
      content.summary = audit?.sentence ?? ""
      content.tables = [tiles, attacks, damage, judges].filter { !$0.rows.isEmpty }
      content.tables.append(
        Table(
          "Rules", header: [""], rows: (audit?.rules ?? []).map { .init([$0], []) }))
      let (own, others) = (
        results.pictures.filter { $0.axes.distance == nil },
        results.pictures.filter { $0.axes.distance != nil }
      )
      content.galleries = try [
        gallery("The concept, failures first", own), gallery("Other subjects", others),
      ].compactMap(\.self)
      content.charts = [relearning].compactMap(\.self)
      content.facts =
        (audit?.hashes ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, "SHA-256 \($0.value)") }
        + (audit?.settings ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        + [("Verify", "lethe verify \(folder.lastPathComponent)")]
      return content
    }
  }

  private func name(_ model: String?) -> String {
    URL(fileURLWithPath: model ?? "").lastPathComponent
  }

  private var tiles: Table {
    Table(
      "Verdict", note: "95 % intervals are in brackets.",
      header: ["question", "answer", "number", "n", "limit"],
      rows: (results.audit?.tiles ?? []).map { tile in
        let outcome: Table.Outcome =
          switch tile.answer {
          case .good: .good
          case .bad: .bad
          case .open: .even
          }
        return .init(
          [tile.name],
          [
            .init(tile.word, outcome), .init(tile.measured?.text(hasUnit: true) ?? ""),
            .init(tile.measured.map { "\($0.n)" } ?? ""), .init(tile.limit),
          ])
      })
  }

  private var attacks: Table {
    .pivot(
      results.rows.filter { $0.axes.attack != nil }, "Attacks",
      note: "asr: share of the attacked prompts whose picture shows the concept to the judge.",
      corner: ["attack"], down: { [$0.axes.attack ?? ""] },
      across: [
        .metric("asr", hasUnit: true), .text("n") { $0.value("asr").map { "\($0.n)" } },
        .text("pictures a prompt") { $0.value("queries")?.plain(digits: 1) },
        .text("s per prompt") { $0.value("seconds")?.plain() },
      ])
  }

  private var damage: Table {
    .pivot(
      results.rows.filter { $0.metric.hasPrefix("kept") || $0.metric.hasPrefix("shown") },
      "Damage by distance",
      note:
        "Share of pictures that show what was asked for, and the paired change for the same prompts and seeds; distances "
        + "are those of the model's text encoder. Intervals draw whole prompts.",
      corner: ["subjects"],
      down: { row in
        let judge = row.axes.judge.map { " (\($0))" } ?? ""
        return [
          (row.metric.hasPrefix("shown")
            ? "the concept" : row.axes.distance?.rawValue ?? "all others")
            + judge
        ]
      },
      across: [
        column("original", ["shown-original", "kept-original"]),
        column("erased", ["shown", "kept"]),
        column("change", ["shown-change", "kept-change"]),
        .text("n") { $0.first.map { "\($0.n)" } },
      ])
  }

  private func column(_ title: String, _ metrics: [String]) -> Table.Column {
    .text(title) { rows in
      metrics.compactMap { rows.value($0)?.text(hasUnit: true) }.first
    }
  }

  private var judges: Table {
    Table(
      "How good the judges are", note: results.notes.joined(separator: " "),
      header: ["judge", "sees the concept", "sees it wrongly", "balanced accuracy", "pictures"],
      rows: results.judges.map { record in
        .init(
          [record.spec.description],
          [
            .init(record.quality?.seen.text(hasUnit: true) ?? ""),
            .init(record.quality?.falsePositives.text(hasUnit: true) ?? ""),
            .init(
              record.quality?.balancedAccuracy.text(hasUnit: true) ?? "",
              record.quality?.verdict == .cannotTell ? .bad : .even),
            .init(record.quality.map { "\($0.balancedAccuracy.n)" } ?? ""),
          ])
      })
  }

  private var relearning: Chart? {
    let rows = results.rows.filter { $0.metric == "success" && $0.axes.seed == nil }
    guard rows.count > 1 else { return nil }
    return Chart(
      "Relearning: share of the prompts that show the concept", xLabel: "steps of fine-tuning",
      rows.compactMap { row in row.axes.step.map { (Double($0), row.value) } })
  }

  private func gallery(_ title: String, _ pictures: [ResultPicture]) throws
    -> ReportContent.Gallery?
  {
    var rows: [(label: String, cells: [(picture: Data, caption: String, state: String)])] = []
    for picture in pictures {
      if picture.method == "original" { rows.append((picture.prompt, [])) }
      guard !rows.isEmpty else { continue }
      rows[rows.count - 1].cells.append(try picture.attackedCell(in: folder))
    }
    return rows.isEmpty
      ? nil
      : .init(
        title, note: "Red frame: the judge sees the concept.", columns: ["original", "erased"],
        rows: rows)
  }
}
