package import Evaluation

/// Definitions of measures, for the pages that show them.
package enum Definitions {
  /// Measures of a page that matter most, in order. The others are folded.
  package static let main = ["ua", "ira", "cra", "frechet", "unrecognised"]
  /// Those of a plot, whose panels stand side by side.
  package static let plotted = ["ua", "ira", "cra", "frechet"]

  /// Measures of what was to be forgotten; the others are of what was to stay.
  static let ofForgotten = ["ua", "leakage", "p-forgotten", "h-forgotten", "shown"]

  private static let known: [(name: String, text: String)] = [
    (
      "ua",
      "UA, unlearning accuracy: the share of pictures asked for with the forgotten concept in which the judge does not see it."
    ),
    (
      "ira",
      "IRA, in-domain retain accuracy: the share of pictures asked for with another subject of the same kind in which the judge sees that subject."
    ),
    (
      "cra",
      "CRA, cross-domain retain accuracy: the share of pictures without the concept in which the judge sees the right subject of the other kind, such as the style."
    ),
    (
      "asr",
      "ASR, attack success rate: the share of prompts for which an attack brings the concept back, those that showed it before included."
    ),
    ("pre-asr", "pre-ASR: the share of prompts whose picture shows the concept before any attack."),
    ("shown", "shown: the share of pictures asked for with the concept that show it to the judge."),
    ("kept", "kept: the share of pictures of other subjects that show what was asked for."),
    (
      "frechet",
      "Frechet: the distance between the judge's features of the pictures and of real ones; 0 is the same distribution."
    ),
    (
      "unrecognised",
      "unrecognised: the share of pictures whose features are farther from every real picture's than 99 % of those are from one another. A judge names a class for them all the same."
    ),
    ("leakage", "leakage: pictures of other subjects in which the judge sees the concept."),
    (
      "precision",
      "precision: the share of pictures that lie among the real ones in the judge's features."
    ),
    ("recall", "recall: the share of real pictures that lie among the drawn ones."),
    ("success", "success: the share of prompts whose picture shows the concept after fine-tuning."),
  ]

  /// A measure that commands compute beside those of the catalog.
  package struct CommandMeasure: Sendable {
    package var name: String
    /// The definition, which begins with the name.
    package var text: String
    /// The commands that measure it.
    package var commands: String
    package var better: Better
  }

  /// The measures of commands that no catalog lists.
  package static let ofCommands: [CommandMeasure] = [
    ("unrecognised", "evaluate", Better.lower), ("shown", "evaluate, audit", .lower),
    ("kept", "evaluate, audit", .higher), ("pre-asr", "attack, audit", .lower),
    ("asr", "attack, audit", .lower), ("success", "relearn, audit", .lower),
  ].compactMap { name, commands, better in
    known.first { $0.name == name }.map {
      CommandMeasure(name: name, text: $0.text, commands: commands, better: better)
    }
  }

  /// The definition of a measure, without its name; nil for one that has none.
  package static func text(of metric: String) -> String? {
    known.first { $0.name == metric }.map { entry in
      entry.text.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? entry.text
    }
  }

  /// The same of judges without real pictures.
  private static let heldToOriginal =
    "unrecognised: the share of pictures of other subjects whose features are farther from every picture of the original's than 99 % "
    + "of those are from one another; the original's picture of the same prompt and seed is left out. A judge names a class for "
    + "them all the same."

  /// The columns of a printed table, in a few words each.
  private static let short: [(name: String, text: String)] = [
    ("ua", "pictures of the concept in which the judge does not see it"),
    ("ira", "pictures of its kind's other subjects in which it sees them"),
    ("cra", "pictures whose subject of the other kind it sees"),
    ("frechet", "distance to real pictures in the judge's features"),
    ("unrecognised", "pictures unlike every real one"),
    ("shown", "pictures of the concept that show it"),
    ("kept", "pictures of other subjects that show them"),
    ("leakage", "pictures of other subjects that show the concept"),
  ]

  /// The few words on `unrecognised` of judges without real pictures.
  package static let unlikeOriginal =
    "pictures of other subjects unlike every picture of the original"

  /// The line below a printed table: its measures, arrows and brackets.
  /// - Parameter results: those of the table; nil takes every judge as one with real pictures
  package static func legend(_ metrics: [String], _ results: Results? = nil) -> String {
    let known = short.filter { metrics.contains($0.name) }.map {
      let texts = texts($0, unlikeOriginal, results)
      return "\($0.name): \(texts.joined(separator: ", or "))"
    }
    return
      (known + [
        "arrows: the better direction", "[ ]: 95 % interval",
        "n: pictures, and of how many prompts where an interval counts prompts",
      ])
      .joined(separator: "; ")
  }

  /// The definitions of the measures that rows have.
  package static func of(_ results: Results) -> [String] {
    let metrics = results.rows.map(\.metric).unique
    return known.filter { metrics.contains($0.name) }.flatMap { texts($0, heldToOriginal, results) }
  }

  /// The texts on a measure, by its judges.
  /// - Parameter original: the text on `unrecognised` of judges without real pictures
  private static func texts(
    _ known: (name: String, text: String), _ original: String, _ results: Results?
  ) -> [String] {
    guard known.name == "unrecognised", let results else { return [known.text] }
    let judges = results.judges(of: known.name).map(results.isHeldToOriginal).unique
    return judges.isEmpty ? [known.text] : judges.map { $0 ? original : known.text }
  }

  private static let rules: [(kind: Interval.Kind, text: String)] = [
    (.wilson95, "Wilson's for shares"),
    (.t95, "Student's t for means"),
    (.clusters95, "a bootstrap of whole prompts for changes and means"),
    (.bootstrap95, "a bootstrap of pictures for distances"),
    (.newcombe95, "Newcombe's for differences of shares"),
    (.hanleyMcNeil95, "Hanley and McNeil's for areas under a curve"),
    (.standardError, "one standard error on each side for means over repetitions"),
  ]

  /// The rule of shares whose prompts have several pictures each, in a sentence.
  private static let ofPrompts =
    "Where a prompt has several pictures, each end of a share's interval is the outer one of two: that of an interval over "
    + "whole prompts (Student's t below \(ClusterBootstrap.fewest) prompts, else a bootstrap), and that of Wilson's interval with as "
    + "many trials as there are prompts."

  /// The rules behind the rows' intervals, in a sentence; nil for rows without intervals.
  package static func intervals(_ rows: [ResultRow]) -> String? {
    let known = rows.map(\.measured).filter { $0.interval != nil }
    let texts = rules.filter { rule in known.contains { $0.interval?.kind == rule.kind } }
      .map(\.text)
    let isStretched = known.contains { $0.prompts != nil && $0.unit == .share }
    return texts.isEmpty
      ? nil
      : "Intervals, 95 %: \(texts.joined(separator: ", "))." + (isStretched ? " \(ofPrompts)" : "")
  }
}
