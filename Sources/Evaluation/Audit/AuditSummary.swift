/// The verdict of an audit: a sentence, the questions behind it, the rules that decided them, and what it rests on.
internal import Torch

package struct AuditSummary: Codable, Sendable, Hashable {
  /// The answer to a question.
  package enum Answer: String, Choice {
    case good, bad
    /// The pictures do not decide, or nothing was measured.
    case open
  }

  /// A question of the audit with its answer.
  package struct Tile: Codable, Sendable, Hashable {
    /// The question, e.g. `erased`.
    package var name: String
    package var answer: Answer
    /// The answer in a few words.
    package var word: String
    /// The number behind the answer; nil where nothing was measured.
    package var measured: MeasuredValue?
    /// The limit that the number is held to, in words.
    package var limit: String
    /// Numbers that are shown beside, without a limit.
    package var beside: [String]?

    package init(
      _ name: String, _ answer: Answer, _ word: String, _ measured: MeasuredValue?, limit: String,
      beside: [String] = []
    ) {
      self.beside = beside.isEmpty ? nil : beside
      (self.name, self.answer, self.word) = (name, answer, word)
      (self.measured, self.limit) = (measured, limit)
    }
  }

  package var sentence: String
  package var tiles: [Tile]
  /// The rules that decide the answers, as sentences.
  package var rules: [String]
  /// The erasure, by key: concept, kind, model, method, eraser.
  package var subject: [String: String] = [:]
  /// SHA-256 of everything that the audit rests on: base, eraser, suite, and each judge.
  package var hashes: [String: String] = [:]
  /// SHA-256 of each picture's file, by its place in the folder.
  package var pictures: [String: String] = [:]
  /// SHA-256 of each file of the attacks and the fine-tunings: logs, options and pictures.
  package var files: [String: String]?
  /// Judge's answers by picture: whether it shows the concept.
  package var shown: [String: Bool] = [:]
  /// Whether the judge sees what was asked for, by picture.
  package var right: [String: Bool]?
  /// Settings of the audit, as its folder was claimed for them.
  package var settings: [String: String] = [:]

  package init(_ sentence: String, _ tiles: [Tile], rules: [String]) {
    (self.sentence, self.tiles, self.rules) = (sentence, tiles, rules)
  }
}
