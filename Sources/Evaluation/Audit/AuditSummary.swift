/// The verdict of an audit: a sentence, the questions behind it, the rules that decided them, and what it rests on.
package import Editing
package import Torch

package struct AuditSummary: Codable, Sendable, Hashable {
  /// The answer to a question.
  package enum Answer: String, Choice {
    case good, bad
    /// The pictures do not decide, or nothing was measured.
    case open
  }

  /// The answer to a question on one of several concepts.
  package struct ConceptAnswer: Codable, Sendable, Hashable {
    package var name: String
    package var answer: Answer
    package var word: String
    package var measured: MeasuredValue?
    /// The judge of the answer; nil where the audit has one judge that can tell.
    package var judge: String?

    package init(
      name: String, answer: Answer, word: String, measured: MeasuredValue?, judge: String? = nil
    ) {
      (self.name, self.answer) = (name, answer)
      (self.word, self.measured, self.judge) = (word, measured, judge)
    }

    /// The answer in a line: `fox: erased, 1.2 % [0.2, 6.7]`.
    package var text: String {
      "\(name): \(word)" + (measured.map { ", \($0.text(hasUnit: true))" } ?? "")
    }
  }

  /// The answer of one of several judges to a question.
  package struct JudgeAnswer: Codable, Sendable, Hashable {
    /// The judge's name, as the rows' `judge`.
    package var judge: String
    package var answer: Answer
    package var word: String
    package var measured: MeasuredValue?
    /// The limit that follows from the judge's own error.
    package var limit: String

    package init(
      judge: String, answer: Answer, word: String, measured: MeasuredValue?, limit: String
    ) {
      (self.judge, self.answer, self.word) = (judge, answer, word)
      (self.measured, self.limit) = (measured, limit)
    }

    /// The answer in a line: `clip:clip-vit-base: erased, 1.2 % [0.2, 6.7]`.
    package var text: String {
      "\(judge): \(word)" + (measured.map { ", \($0.text(hasUnit: true))" } ?? "")
    }
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
    /// The answer on each of several concepts, the worst first, which is that of the tile; nil for one concept.
    package var concepts: [ConceptAnswer]?

    /// The answers of the judges, the worst first, which is that of the tile; nil where the audit has one judge that can tell.
    package var judges: [JudgeAnswer]?

    /// The lines below the tile's own answer: its judge and the others, those of the other concepts, and the numbers without a
    /// limit.
    package var notes: [String] {
      (judges?.first.map { ["judged by \($0.judge)"] } ?? [])
        + (judges ?? []).dropFirst().map(\.text) + (concepts ?? []).dropFirst().map(\.text)
        + (beside ?? [])
    }

    /// The answer on one of several concepts; nil for a question on all of them.
    package func answer(on concept: String) -> ConceptAnswer? {
      concepts?.first { $0.name == concept }
    }

    package init(
      _ name: String, _ answer: Answer, _ word: String, _ measured: MeasuredValue?, limit: String,
      beside: [String] = []
    ) {
      self.beside = beside.isEmpty ? nil : beside
      (self.name, self.answer, self.word) = (name, answer, word)
      (self.measured, self.limit) = (measured, limit)
    }
  }

  /// The erasure, as its author named it.
  package struct Subject: Codable, Sendable, Hashable {
    /// All concepts in words.
    package var concept = ""
    package var concepts: [String] = []
    package var kind = ""
    /// The name of the prompts.
    package var prompts = ""
    package var model = ""
    package var method = ""
    /// The eraser's file or run, or the model that was erased elsewhere.
    package var eraser = ""
    package var isErasedElsewhere = false
    /// Files that are added to the model's own weights, or stand for some of them.
    package var additions: ModelAdditions?

    package init() {}
  }

  /// The audit's own options, the program that ran it, and how long it took.
  package struct Settings: Codable, Sendable, Hashable {
    package var seed: UInt64
    /// Number of prompts for the concept that are judged; no stage trains on them.
    package var heldOut: Int
    /// The options of `lethe audit`.
    package var size: JSON
    package var lethe: String
    package var libtorch: String
    /// The audit's folder, as its command named it; nil in older files.
    package var place: String?
    /// nil where no time was kept.
    package var cost: Cost?

    package init(
      seed: UInt64, heldOut: Int, size: JSON, place: String?, lethe: String, libtorch: String
    ) {
      (self.seed, self.heldOut, self.size, self.place) = (seed, heldOut, size, place)
      (self.lethe, self.libtorch) = (lethe, libtorch)
    }
  }

  /// Time and memory.
  package struct Cost: Codable, Sendable, Hashable {
    /// A stage, such as the attacks, with its seconds in all processes that worked at it.
    package struct Stage: Codable, Sendable, Hashable {
      package var name: String
      package var seconds: Double
    }

    /// In the order of their first start.
    package var stages: [Stage] = []
    /// The most that a process held, in bytes.
    package var memory = 0.0

    package init() {}

    package mutating func add(_ seconds: Double, to name: String) {
      if let i = stages.firstIndex(where: { $0.name == name }) {
        stages[i].seconds += seconds
      } else {
        stages.append(Stage(name: name, seconds: seconds))
      }
    }
  }

  /// The form of an audit's folder. It is raised with every field that `lethe verify` asks for: 1 has counts of prompts, 2 rows
  /// on each of several concepts, 3 answers on each of them and fine-tunings whose prompts are counted, 4 shares of
  /// unrecognised pictures by judges whose features have distances, 5 those of the original's pictures too, without twins, and
  /// the measurements of judges of the other kind, 6 profiles of rows and the answers of several judges.
  package static let currentSchema = 6

  /// The form of the folder; nil in audits before Lethe 0.2.0 was released, whose rows have no counts of prompts.
  package var schema: Int? = AuditSummary.currentSchema
  package var sentence: String
  package var tiles: [Tile]
  /// The rules that decide the answers, as sentences.
  package var rules: [String]
  package var subject = Subject()
  package var hashes = AuditHashes()
  /// SHA-256 of each picture's file, by its place in the folder.
  package var pictures: [String: String] = [:]
  /// SHA-256 of each file of the attacks and the fine-tunings: logs, options and pictures.
  package var files: [String: String]?
  /// Judge's answers by picture: whether it shows the concept.
  package var shown: [String: Bool] = [:]
  /// Whether the judge sees what was asked for, by picture.
  package var right: [String: Bool]?
  /// nil until the audit has ended.
  package var settings: Settings?

  /// A sentence on pictures of the erased model that ask for one of several concepts and show another; nil where none
  /// does.
  package func otherErased(_ suite: PromptSuite) -> String? {
    guard suite.groups.contains(where: { $0.names.count > 1 }), let right else { return nil }
    let files = suite.ofConcept.map { "erased/\($0.file)" }
    let count = files.count { shown[$0] == true && right[$0] == false }
    return count > 0
      ? "In \(count) of \(files.count) pictures another erased concept is seen." : nil
  }

  package init(_ sentence: String, _ tiles: [Tile], rules: [String]) {
    (self.sentence, self.tiles, self.rules) = (sentence, tiles, rules)
  }
}
