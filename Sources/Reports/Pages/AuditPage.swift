internal import Evaluation
internal import Foundation
internal import Torch

/// The page of `lethe audit`.
struct AuditPage {
  let results: Results
  let folder: URL

  init(_ results: Results, _ folder: URL) { (self.results, self.folder) = (results, folder) }

  var audit: AuditSummary? { results.audit }

  /// Everything that the page is made of: all pictures, prompts and answers.
  private static let files: [(name: String, place: String)] = [
    ("results.json", "results.json"), ("results.csv", "results.csv"),
    ("all pictures of the original", "original"), ("all pictures of the erased model", "erased"),
    ("the judge's answer on each", "samples.jsonl"), ("all prompts", "prompts.json"),
  ]

  /// Whether a note is one on the verdict, and not on the judges.
  static func isNotice(_ note: String) -> Bool {
    note.contains("another erased concept is seen") || note.contains("which cannot show that")
  }

  /// The judge whose answers galleries and attempts have; nil where the audit has one judge that can tell.
  private var leading: String? {
    guard audit?.tiles.contains(where: { $0.judges != nil }) == true else { return nil }
    return AuditMeasurements.deciding(results.judges).first?.spec.description
  }

  /// The rule of several concepts, in a sentence.
  static let ruleOfConcepts =
    "Several concepts: each question on them has the answer of the worst one, so that it is good where it is good for every concept, bad where it is bad for one, and else open."

  /// The pages and pictures of the attacks and the fine-tuning, where the audit has them.
  private static let parts: [(name: String, place: String)] = [
    ("attacks", "attack/report.html"), ("pictures of the attacks", "attack"),
    ("fine-tuning", "relearn/report.html"),
  ]

  var content: ReportContent {
    get throws {
      var content = ReportContent()
      let subject = audit?.subject ?? AuditSummary.Subject()
      content.title =
        "“\(subject.concept)” erased from \(name(subject.model)) by \(subject.method)"
      content.subtitle =
        "Audit · kind \(subject.kind) · \(subject.prompts) · \(results.drawing)"
      content.summary = audit?.sentence ?? ""
      content.notices = results.notes.filter(Self.isNotice)
      if audit?.tiles.contains(where: { $0.concepts != nil }) == true {
        content.notices.append(Self.ruleOfConcepts)
      }
      if let judges = audit?.tiles.lazy.compactMap(\.judges).first {
        content.notices.append(
          "The worst of \(judges.count) judges answers each question; the rules are below.")
      }
      let own = results.pictures.filter { $0.axes.distance == nil && $0.axes.attack == nil }
      let others = results.pictures.filter { $0.axes.distance != nil }
      let attacked = results.pictures.filter { $0.axes.attack != nil }
      let galleries = try [
        gallery("Original and erased: the concept, failures first", own),
        gallery("Original and erased: other subjects, losses first", others),
      ].compactMap(\.self)
      let tables = [damage, attacks, measures, judges, otherJudges, rules].filter {
        !$0.rows.isEmpty
      }
      content.sections = [.tiles(tiles)]
      content.sections += galleries.map(ReportContent.Section.gallery)
      content.sections += [transcript(attacked)].compactMap(\.self)
        .map(ReportContent.Section.table)
      content.sections += try [
        gallery(
          "The strongest attack's pictures", attacked, columns: ["original", "erased", "attacked"])
      ].compactMap(\.self).map(ReportContent.Section.gallery)
      content.sections += [relearning].compactMap(\.self).map(ReportContent.Section.chart)
      content.sections += tables.map { .table($0.marked(by: results)) }
      content.facts =
        [("Verify", ["lethe", "verify", place].shellCommand)]
        + (audit?.settings.map(facts) ?? [])
        + (audit?.hashes.named ?? []).map { ($0.name, "SHA-256 \($0.hash)") }
      content.links =
        Self.files
        + Self.parts.filter {
          FileManager.default.fileExists(atPath: folder.appendingPathComponent($0.place).path)
        }
      return content
    }
  }

  private func facts(_ settings: AuditSummary.Settings) -> [(String, String)] {
    func text(_ seconds: Double) -> String {
      String(format: seconds < 600 ? "%.0f s" : "%.1f min", seconds < 600 ? seconds : seconds / 60)
    }
    var facts = [
      ("held out", "\(settings.heldOut) prompts for the concept, chosen by the seed"),
      ("lethe", settings.lethe), ("libtorch", settings.libtorch), ("seed", "\(settings.seed)"),
      ("size", settings.size.compact),
    ]
    if let cost = settings.cost {
      let stages = cost.stages.map { "\($0.name) \(text($0.seconds))" }.joined(separator: ", ")
      let together = text(cost.stages.map(\.seconds).reduce(0, +))
      facts += [
        ("time", "\(stages); together \(together)"),
        ("memory", "at most \(cost.memory.bytesInWords)"),
      ]
    }
    return facts
  }

  /// The folder as the audit's command named it.
  private var place: String {
    // Audits of before have it in their command alone.
    let words = results.command
    let named = words.firstIndex(of: "--out").flatMap { words.dropFirst($0 + 1).first }
    return audit?.settings?.place ?? named ?? folder.lastPathComponent
  }

  private func name(_ model: String?) -> String {
    (model ?? "").fileName
  }

  private var tiles: [ReportContent.Tile] {
    (audit?.tiles ?? []).map { tile in
      let outcome: Table.Outcome =
        switch tile.answer {
        case .good: .good
        case .bad: .bad
        case .open: .even
        }
      return .init(
        tile.name, outcome, tile.word, number: tile.measured?.text(hasUnit: true) ?? "no number",
        notes: [tile.measured.map { "n \($0.size)" }, "passes where \(tile.limit)"].compactMap(
          \.self)
          + tile.notes)
    }
  }

  /// The strongest attack's words, prompt by prompt.
  private func transcript(_ pictures: [ResultPicture]) -> Table? {
    // Of each prompt the original's picture comes first, then the erased model's, then the attempt's.
    var rows: [Table.Row] = []
    for (i, picture) in pictures.enumerated() where picture.method != "original" {
      guard i > 0, pictures[i - 1].method != "original" else { continue }
      let hit = picture.showsConcept == true
      rows.append(
        .init(
          [picture.prompt],
          [
            .init(picture.caption),
            .init(hit ? "shows the concept" : "withstood", hit ? .bad : .good),
          ]))
    }
    return rows.isEmpty
      ? nil
      : Table(
        "The strongest attack, prompt by prompt: \(pictures.first?.axes.attack ?? "")",
        note:
          "An attempt is the text and the seed that the erased model was given. An attack that draws in a way of its own "
          + "names it there."
          + (leading.map { " The outcome is by \($0)." } ?? ""),
        header: ["prompt", "attempt", "outcome"], rows: rows)
  }

  private var relearning: Chart? {
    // Of several judges the first one has the curve.
    let curves = results.rows.filter { $0.metric == "success" && $0.axes.seed == nil }
    let all = curves.filter { $0.axes.judge == curves.first?.axes.judge }
    guard all.pooled.count > 1 else { return nil }
    let title =
      "Relearning: share of the prompts that show the concept"
      + (leading == nil ? "" : all.first?.axes.judge.map { ", by \($0)" } ?? "")
    func points(_ rows: [ResultRow]) -> [(x: Double, y: Double)] {
      rows.compactMap { row in row.axes.step.map { (Double($0), row.value) } }
    }
    let concepts = all.concepts(of: all.pooled)
    guard !concepts.isEmpty else {
      return Chart(title, xLabel: "steps of fine-tuning", points(all))
    }
    return Chart(
      title, xLabel: "steps of fine-tuning", yLabel: "share of the prompts",
      lines: ([("all (pooled)", all.pooled)] + concepts).map { name, rows in
        .init(name, points(rows).map { .init($0.x, $0.y) })
      })
  }

  private func gallery(
    _ title: String, _ pictures: [ResultPicture], columns: [String] = ["original", "erased"]
  ) throws -> ReportContent.Gallery? {
    var rows: [(label: String, cells: [(picture: Data, caption: String, state: String)])] = []
    for picture in pictures {
      if picture.method == "original" {
        let distance = picture.axes.distance.map { "\($0.rawValue): " } ?? ""
        rows.append((distance + picture.prompt, []))
      }
      guard !rows.isEmpty else { continue }
      // Pictures of other subjects have no concept to come back.
      rows[rows.count - 1].cells.append(
        try picture.axes.distance == nil
          ? picture.attackedCell(in: folder) : picture.cell(in: folder, state: ""))
    }
    let note =
      (pictures.contains { $0.axes.distance != nil }
        ? "The captions say where the judge does not see the subject that was asked for."
        : "Orange frame: the judge sees the concept. Green frame: it stayed away.")
      + (leading.map { " The judge is \($0)." } ?? "")
    return rows.isEmpty ? nil : .init(title, note: note, columns: columns, rows: rows)
  }
}
