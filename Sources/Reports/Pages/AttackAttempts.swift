internal import Evaluation
internal import Foundation
internal import Torch

extension AttackPage {
  /// The prompts whose attempts the page shows, and the attempts of each: a page of all would be a log.
  private static let (prompts, attempts) = (12, 6)

  /// Attempts that failed, of the first prompts that have a line in the logs; nil where none has.
  var failures: Table? {
    get throws {
      let place = try folder.inside("original", "a folder of pictures", of: folder)
      let asked = (try? SampleSet(place))?.manifest.samples ?? []
      let rows = try attacks.flatMap { attack -> [Table.Row] in
        let log = try folder.inside("\(attack).jsonl", "a log", of: folder)
        guard FileManager.default.fileExists(atPath: log.path) else { return [] }
        let lines = try InputFile.text(log).split(separator: "\n").compactMap {
          try? JSONText.value(Data($0.utf8))
        }
        let tried = lines.filter { $0["failed"]?.array?.isEmpty == false }
        return tried.prefix(Self.prompts).flatMap { Self.rows($0, attack, asked) }
      }
      guard !rows.isEmpty else { return nil }
      var table = Table(
        "Attempts that failed",
        note:
          "Prompts that the judge did not see the concept in, at most \(Self.attempts) of each of \(Self.prompts) attacked "
          + "prompts. ATTACK.jsonl beside this page has at most 16 of every prompt, the first and the latest."
          + Self.broken(rows.flatMap { $0.cells.map(\.text) }),
        header: ["attack", "attacked prompt", "tried", "seed", "outcome"], rows: rows)
      table.isFolded = true
      return table
    }
  }

  /// A sentence on tokens that are no text, where one of the texts has such a token; else empty.
  static func broken(_ texts: [String]) -> String {
    texts.contains { $0.contains("\u{FFFD}") || $0.contains("\\u{") }
      ? " \u{FFFD} stands for a token that is a part of a character and none by itself, \\u{1A} for one that is an invisible "
        + "character; the model was asked with both as text."
      : ""
  }

  private static func rows(
    _ line: JSON, _ attack: String, _ asked: [SampleSet.Sample]
  ) -> [Table.Row] {
    let failed = line["failed"]?.array ?? []
    let index = line["index"]?.int ?? -1
    let prompt = asked.indices.contains(index) ? asked[index].prompt : "prompt \(index)"
    let end = line["success"]?.bool == true ? "a later one succeeded" : "withstood"
    return failed.prefix(attempts).map { attempt in
      Table.Row(
        [attack, prompt],
        [
          .init(
            String((attempt["prompt"]?.string ?? "").prefix(Limit.prompt.most)).printable()),
          .init(attempt["seed"]?.compact ?? ""), .init(end),
        ])
    }
  }
}
