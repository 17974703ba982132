// The finding of a comparison, in one sentence: who is best and who is worst by the number that it is about.
internal import Evaluation
internal import Torch

enum BenchVerdict {
  /// A method's name with its share.
  typealias Entry = (name: String, share: MeasuredValue)

  /// - Parameters:
  ///   - found: shares of which a smaller one is better
  ///   - lead: the beginning of the sentence, e.g. `Under its strongest attack`
  ///   - does: the middle of it, e.g. `shows the concept in`
  /// - Returns: nil for no method
  static func least(
    _ found: [Entry], _ lead: String, _ does: String
  ) -> (sentence: String, state: String)? {
    let order = found.filter { $0.share.value.isFinite }.sorted { $0.share.value < $1.share.value }
    guard let best = order.first, let worst = order.last else { return nil }
    func text(_ entry: Entry) -> String { "\(entry.share.text(digits: 0, hasUnit: true))" }
    let first =
      "\(lead) \(best.name) \(does) \(text(best)) of the prompts (n \(best.share.size))"
    guard order.count > 1 else { return (first + ".", "even") }
    return (
      first + ", the least of \(order.count); \(worst.name) in \(text(worst)), the most.", "even"
    )
  }

  /// The number of concepts that hardly a picture of each method shows, by ``RunVerdict``.
  /// - Returns: nil where no method has a verdict
  static func forgetting(_ results: Results) -> (sentence: String, state: String)? {
    let others = results.rows.filter { $0.method != "original" }
    let counts = others.map(\.label).unique.compactMap { label -> (String, Int, Int)? in
      let subjects = others.filter { $0.label == label }.map(\.subject).unique
      let words = subjects.map { subject -> RunVerdict.Word in
        var part = results
        part.rows = results.rows.filter { $0.subject == subject }
        return RunVerdict(part, of: label).word
      }.filter { $0 != .unknown }
      return words.isEmpty
        ? nil : (label, words.count { $0 == .forgotten || $0 == .tooFew }, words.count)
    }
    guard !counts.isEmpty else { return nil }
    let text = counts.sorted { $0.1 * $1.2 > $1.1 * $0.2 }.enumerated().map { i, count in
      i == 0
        ? "\(count.0) for \(count.1) of \(count.2) \(count.2 == 1 ? "concept" : "concepts")"
        : "\(count.0) \(count.1) of \(count.2)"
    }
    return (
      "At most \(Int(100 * RunVerdict.few)) % of the pictures still show it: \(text.joined(separator: ", ")).",
      "even"
    )
  }
}
