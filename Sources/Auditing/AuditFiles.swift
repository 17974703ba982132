internal import Diffusion
internal import Editing
package import Evaluation
internal import Foundation
internal import Reports
package import Workbench

/// The files of an audit for other readers: a CSV row for leaderboards, and a model card with `model-index`.
package struct AuditFiles {
  private let results: Results
  private let job: EraseJob

  package init(_ results: Results, _ job: EraseJob) { (self.results, self.job) = (results, job) }

  package func write(to folder: RunFolder) throws {
    try folder.write(text: csv, to: "results.csv")
    try folder.write(text: card, to: "README.md")
  }

  private var numbers: [(name: String, value: MeasuredValue)] {
    (results.audit?.tiles ?? []).compactMap { tile in tile.measured.map { (tile.name, $0) } }
  }

  /// One line under its header.
  package var csv: String {
    var header = ["model", "method", "concept", "judge", "quick", "verdict"]
    var row = [
      job.folder.name, job.method, job.subject, results.judges.first?.spec.description ?? "",
      results.quick ? "yes" : "no", results.audit?.sentence ?? "",
    ]
    for (name, value) in numbers {
      header += [name, "\(name)_lower", "\(name)_upper", "\(name)_n"]
      row += [
        "\(value.value)", value.interval.map { "\($0.lower)" } ?? "",
        value.interval.map { "\($0.upper)" } ?? "", "\(value.n)",
      ]
    }
    return Table("", header: header, rows: [.init(row, [])]).csv
  }

  /// A model card of the Hugging Face hub.
  package var card: String {
    func quoted(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    let dataset = results.audit?.subject.prompts ?? ""
    let metrics = numbers.map { name, value in
      "      - type: \(quoted(name))\n        name: \(quoted("\(name), n \(value.n)"))\n        value: \(value.value)"
    }.joined(separator: "\n")
    let tiles = Table.list(
      results.audit?.tiles ?? [], corner: [("question", \.name)],
      across: [
        ("answer", { .init($0.word) }),
        ("number [95 % interval]", { .init($0.measured?.text(hasUnit: true) ?? "") }),
        ("n", { .init($0.measured?.size ?? "") }), ("limit", { .init($0.limit) }),
      ])
    return """
      ---
      tags:
      - text-to-image
      - concept-erasure
      - machine-unlearning
      model-index:
      - name: \(quoted("\(job.folder.name) without \(job.subject)"))
        results:
        - task:
            type: text-to-image
          dataset:
            type: prompts
            name: \(quoted(dataset))
          metrics:
      \(metrics.isEmpty ? "      []" : metrics)
      ---
      # \(job.folder.name) without \(job.subject)

      \(results.audit?.sentence ?? "")

      \(tiles.markdown)
      Judge: \(results.judges.map(\.spec.description).joined(separator: ", ")). \(results.notes.joined(separator: " "))

      Model \(job.folder.name), SHA-256 \(results.audit?.hashes.base ?? ""); method \(job.method), eraser SHA-256
      \(results.audit?.hashes.eraser ?? ""). \(results.drawing). Prompts \(dataset). Lethe \(Version.current).

      An audit of its author's own: `lethe verify` with this folder draws pictures again and computes every number again.

      """
  }
}
