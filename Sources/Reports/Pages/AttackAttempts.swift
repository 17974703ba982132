internal import Evaluation
internal import Foundation
internal import Torch

extension AttackPage {
  /// The prompts whose attempts the page shows, and the attempts of each: a page of all would be a log.
  private static let (prompts, attempts) = (12, 6)

  /// The prompts that were attacked; empty in a folder without the original's pictures.
  private var asked: [SampleSet.Sample] {
    get throws {
      let place = try folder.inside("original", "a folder of pictures", of: folder)
      return (try? SampleSet(place))?.manifest.samples ?? []
    }
  }

  /// The lines of an attack's log; none where there is no log.
  private func log(_ attack: String) throws -> [JSON] {
    let log = try folder.inside("\(attack).jsonl", "a log", of: folder)
    guard FileManager.default.fileExists(atPath: log.path) else { return [] }
    return try InputFile.text(log).split(separator: "\n").compactMap {
      try? JSONText.value(Data($0.utf8))
    }
  }

  /// Things of prompts in an order in which the concepts take turns, so that the first of them hold each concept.
  private func inTurns<T>(
    _ things: [T], _ asked: [SampleSet.Sample], index: (T) -> Int
  ) -> [T] {
    let concepts = Set(results.rows.map(\.subject))
    func concept(_ thing: T) -> [String] {
      guard asked.indices.contains(index(thing)) else { return [] }
      return asked[index(thing)].subjects.map { $0.value + ($0.key == "style" ? " style" : "") }
        .filter(concepts.contains).sorted()
    }
    let keys = things.map(concept)
    let groups = keys.unique.map { key in things.indices.filter { keys[$0] == key } }
    return (0..<(groups.map(\.count).max() ?? 0)).flatMap { turn in
      groups.filter { $0.indices.contains(turn) }.map { things[$0[turn]] }
    }
  }

  /// The most pictures of a page, so that it can be opened.
  private static let mostPictures = 600

  /// The prompts of the logs that the page shows: all that came back, up to ``mostPictures``, and then withstood ones
  /// up to a dozen; and the others in words. Nil in a folder without logs.
  var shownPrompts: (rows: [(prompt: String, pictures: [ResultPicture])], more: String)? {
    get throws {
      let asked = try asked
      var found: [String: [Int: JSON]] = [:]
      for attack in attacks {
        found[attack] = Dictionary(
          try log(attack).map { ($0["index"]?.int ?? -1, $0) }, uniquingKeysWith: { $1 })
      }
      let tried = asked.indices.filter { i in found.values.contains { $0[i] != nil } }
      guard !tried.isEmpty else { return nil }
      func isTrue(_ i: Int, _ key: String) -> Bool {
        found.values.contains { $0[i]?[key]?.bool == true }
      }
      let back = tried.filter { isTrue($0, "before") || isTrue($0, "success") }
      let away = inTurns(tried.filter { !back.contains($0) }, asked) { $0 }
      let most = max(Self.prompts, Self.mostPictures / (attacks.count + 2))
      let picked = back.prefix(most) + away.prefix(max(0, Self.prompts - back.count))
      let rows = picked.map { i -> (prompt: String, pictures: [ResultPicture]) in
        let sample = asked[i]
        func picture(
          _ file: String, _ caption: String, _ attack: String? = nil, shows: Bool? = nil
        ) -> ResultPicture {
          ResultPicture(
            file, method, "", prompt: sample.prompt, caption: caption, showsConcept: shows
          ) { $0.attack = attack }
        }
        let erased = "erased/\(sample.file)"
        let before = isTrue(i, "before")
        let plain = [
          picture("original/\(sample.file)", sample.prompt),
          picture(erased, sample.prompt, shows: before),
        ]
        return (
          sample.prompt,
          plain
            + attacks.map { attack in
              let line = found[attack]?[i]
              guard let won = line?["attempt"], let text = won["prompt"]?.string else {
                return picture(
                  erased, line?["before"]?.bool == true ? "shown before any attack" : "withstood",
                  attack, shows: line?["success"]?.bool == true || line?["before"]?.bool == true)
              }
              return picture(
                "\(attack)/\(i).png",
                "\(text.prefix(Limit.prompt.most)) · seed \(won["seed"]?.compact ?? "")"
                  + Self.variant(of: won), attack,
                shows: true)
            }
        )
      }
      let (moreBack, moreAway) = (
        back.count - min(back.count, most), away.count - (picked.count - min(back.count, most))
      )
      let more = [(moreBack, "came back"), (moreAway, "withstood")].filter { $0.0 > 0 }
        .map { " \($0) more \($1)." }.joined()
      return (rows, (back.isEmpty ? "" : " Prompts that came back are first.") + more)
    }
  }

  /// Attempts that failed, of prompts that have a line in the logs; nil where none has.
  var failures: Table? {
    get throws {
      let asked = try asked
      let rows = try attacks.flatMap { attack -> [Table.Row] in
        let tried = try log(attack).filter { $0["failed"]?.array?.isEmpty == false }
        return inTurns(tried, asked) { $0["index"]?.int ?? -1 }.prefix(Self.prompts)
          .flatMap { Self.rows($0, attack, asked) }
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

  /// The way in which an attempt's picture was drawn; empty where the log does not say it.
  private static func variant(of attempt: JSON) -> String {
    attempt["variant"]?.string.map { " · \($0.prefix(Limit.prompt.most))" } ?? ""
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
            (String((attempt["prompt"]?.string ?? "").prefix(Limit.prompt.most))
              + variant(of: attempt)).printable()),
          .init(attempt["seed"]?.compact ?? ""), .init(end),
        ])
    }
  }
}
