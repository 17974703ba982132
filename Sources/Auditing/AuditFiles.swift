internal import Diffusion
internal import Editing
package import Evaluation
internal import Foundation
internal import Reports
package import Workbench
internal import Workflows

/// The files of an audit for other readers: a CSV row for leaderboards, and a model card with `model-index`.
package struct AuditFiles {
  private let results: Results
  private let job: EraseJob

  package init(_ results: Results, _ job: EraseJob) { (self.results, self.job) = (results, job) }

  package func write(to folder: RunFolder) throws {
    try folder.write(text: csv, to: "results.csv")
    try folder.write(text: card, to: "README.md")
  }

  /// Writes the files of an audit's folder again, and the pages of its attacks and its fine-tuning; nothing for other folders.
  package static func renew(in folder: RunFolder, catalogs: Catalogs) throws {
    guard !folder.has("job.json"), folder.has("results.json") else { return }
    let results = try folder.results()
    guard results.kind == .releaseAudit, let subject = results.audit?.subject else { return }
    for name in ["results.csv", "README.md"] { _ = try folder.own(name) }
    try AuditFiles(results, subject.job).write(to: folder)
    for place in ["attack", "relearn"] where folder.has("\(place)/results.json") {
      try WriteReport(RunFolder(folder.own(place)), catalogs: catalogs)()
    }
  }

  private var tiles: [AuditSummary.Tile] { results.audit?.tiles ?? [] }

  /// The concepts of an audit of several; empty for one.
  private var concepts: [String] {
    tiles.lazy.compactMap(\.concepts).first?.map(\.name) ?? []
  }

  /// Measures of the erased model's pictures of other subjects.
  private var measures: [ResultRow] {
    results.rows.filter { PictureMeasure(of: $0.metric) != nil && $0.method != "original" }
  }

  /// A line under its header; of several concepts a line for all, whose numbers are those of the worst one, and a line for each.
  package var csv: String {
    let head = ["model", "method", "concept", "judge", "judge_version", "quick", "verdict"]
    func row(
      _ concept: String, _ verdict: String, _ measured: (AuditSummary.Tile) -> MeasuredValue?
    ) -> Table.Row {
      let own = [
        job.folder.name, job.method, concept,
        results.judges.map(\.spec.description).joined(separator: "; "),
        results.judges.map(\.about.hash).joined(separator: "; "), results.quick ? "yes" : "no",
        verdict,
      ]
      let numbers = tiles.filter { $0.measured != nil }.flatMap { tile -> [String] in
        guard let value = measured(tile) else { return ["", "", "", ""] }
        return [
          "\(value.value)", value.interval.map { "\($0.lower)" } ?? "",
          value.interval.map { "\($0.upper)" } ?? "", "\(value.n)",
        ]
      }
      let pictured = measures.flatMap { row in
        ["\(row.value)", "\(row.n)", row.axes.profile?.description ?? ""]
      }
      return Table.Row(own + numbers + pictured, [])
    }
    let header =
      head
      + tiles.filter { $0.measured != nil }.flatMap { tile in
        [tile.name, "\(tile.name)_lower", "\(tile.name)_upper", "\(tile.name)_n"]
      }
      + measures.flatMap { row in
        [row.metric, "\(row.metric)_n", "\(row.metric)_profile"]
      }
    let all = row(job.subject, results.audit?.sentence ?? "", \.measured)
    let each = concepts.map { concept in
      let told = tiles.compactMap { tile in
        tile.answer(on: concept).map { "\(tile.name): \($0.word)" }
      }
      return row(concept, told.joined(separator: "; ")) { tile in
        tile.concepts == nil ? tile.measured : tile.answer(on: concept)?.measured
      }
    }
    return Table("", header: header, rows: [all] + each).csv
  }

  /// A line of the card: a tile, or one of several concepts of it.
  private struct Line {
    var question: String
    var word: String
    var measured: MeasuredValue?
    var limit: String
    var concept: String?
    /// nil where the audit has one judge that can tell.
    var judge: String?
  }

  private var lines: [Line] {
    tiles.flatMap { tile -> [Line] in
      guard let concepts = tile.concepts else {
        return [
          Line(
            question: tile.name, word: tile.word, measured: tile.measured, limit: tile.limit,
            judge: tile.judges?.first?.judge)
        ]
      }
      return concepts.enumerated().map { i, one in
        Line(
          question: tile.name, word: "\(one.name): \(one.word)", measured: one.measured,
          limit: i == 0 ? tile.limit : "", concept: one.name, judge: one.judge)
      }
    }
  }

  /// The numbers of a card's metrics, which stand there without a unit.
  private static let meanings = [
    "erased": "share of the concept's pictures that still show it",
    "neighbours": "change of the share of other subjects' pictures that are right",
    "quality": "change of the share of the farthest subjects' pictures that are right",
    "attacks": "share of the prompts for which an attack brings the concept back",
    "relearning": "share of the prompts that show the concept after fine-tuning",
  ]

  /// A model card of the Hugging Face hub.
  package var card: String {
    func quoted(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    let dataset = results.audit?.subject.prompts ?? ""
    let metrics = lines.compactMap { line in
      line.measured.map { value in
        let meaning = Self.meanings[line.question].map { "\(line.question): \($0)" }
        let name = [
          meaning ?? line.question, line.concept, line.judge.map { "judge \($0)" },
          results.quick ? "quick" : nil, "n \(value.n)",
        ].compactMap(\.self)
        return
          "      - type: \(quoted(line.question))\n        name: \(quoted(name.joined(separator: ", ")))\n        value: \(value.value)"
      }
    }.joined(separator: "\n")
    let judged: [(title: String, cell: (Line) -> Table.Cell)] =
      lines.contains { $0.judge != nil } ? [("judge", { .init($0.judge ?? "") })] : []
    let tiles = Table.list(
      lines, corner: [("question", \.question)],
      across: [
        ("answer", { .init($0.word) }),
        ("number [95 % interval]", { .init($0.measured?.text(hasUnit: true) ?? "") }),
        ("n", { .init($0.measured?.size ?? "") }),
      ] + judged + [("passes where", { .init($0.limit) })])
    return """
      ---
      tags:
      - text-to-image
      - concept-erasure
      - machine-unlearning
      model-index:
      - name: \(quoted("\(job.folder.name), audited for \(job.subject)"))
        results:
        - task:
            type: text-to-image
          dataset:
            type: prompts
            name: \(quoted(dataset))
          metrics:
      \(metrics.isEmpty ? "      []" : metrics)
      ---
      # \(job.folder.name), audited for \(job.subject)

      \(results.audit?.sentence ?? "")
      \(results.quick ? "\nA quick audit: it has few pictures and wide intervals. `--full` has more.\n" : "")
      \(tiles.markdown)
      \(results.judges.count == 1 ? "Judge" : "Judges"): \(results.judges.map(\.spec.description).joined(separator: ", ")). \(results.notes.filter { !$0.hasPrefix(Results.aboutAttack) }.joined(separator: " "))

      Model \(job.folder.name), SHA-256 \(results.audit?.hashes.base ?? ""); method \(job.method), eraser SHA-256
      \(results.audit?.hashes.eraser ?? ""). \(results.drawing). Prompts \(dataset). Lethe \(Version.current).

      An audit of its author's own: `lethe verify` with this folder draws pictures again and computes every number again,
      those of attacks and fine-tunings from their logs.

      """
  }
}

extension AuditSummary.Subject {
  /// The erasure, as rows and pages name it.
  package var job: EraseJob {
    var job = EraseJob()
    (job.concepts, job.method) = (concepts, method)
    job.folder = ModelFolder(model, additions ?? ModelAdditions())
    return job
  }
}
