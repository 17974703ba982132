// The finding of a comparison, in one sentence: the best and the worst by one number.
package import Evaluation
internal import Torch

package enum BenchVerdict {
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

  /// The verdict on each method's erasures, as the table "In words" has them: for each word its methods, with the
  /// number of concepts where there are several.
  /// - Returns: nil where no method has a verdict
  package static func forgetting(_ results: Results) -> (sentence: String, state: String)? {
    let words = words(results)
    let all = words.flatMap { $0.verdicts.map(\.verdict.word) }
    guard all.contains(where: { $0 != .unknown }) else { return nil }
    let sentences = RunVerdict.Word.allCases.compactMap { word -> String? in
      let methods = words.compactMap { label, verdicts -> String? in
        let count = verdicts.count { $0.verdict.word == word }
        guard count > 0 else { return nil }
        return verdicts.count == 1
          ? label.description : "\(label) \(count) of \(verdicts.count) concepts"
      }
      return methods.isEmpty ? nil : "\(word.rawValue): \(methods.joined(separator: ", "))."
    }
    let losses = results.kind == .comparison ? losses(results) : []
    return (
      (sentences + losses).joined(separator: " "),
      all.unique == [.forgotten] && losses.isEmpty
        ? "away" : all.unique == [.not] ? "back" : "even"
    )
  }

  /// The methods beside whose erasures other subjects were lost, with the shares that are recognised.
  private static func losses(_ results: Results) -> [String] {
    let words = words(results, arePooled: true)
    return RunVerdict.Loss.allCases.compactMap { loss in
      let methods = words.flatMap { label, verdicts in
        verdicts.filter { $0.verdict.loss == loss }.map { subject, verdict in
          "\(label) (\(verdicts.count > 1 ? "\(subject), " : "")\(verdict.lost))"
        }
      }
      return methods.isEmpty
        ? nil : "Of other subjects \(loss.rawValue): \(methods.joined(separator: ", "))."
    }
  }

  /// The warnings on the numbers of a comparison, each with its method, and with its concept where there are several.
  package static func warnings(_ results: Results) -> [String] {
    guard results.kind == .comparison else { return [] }
    return words(results, arePooled: true).flatMap { label, verdicts in
      verdicts.flatMap { subject, verdict in
        verdict.warnings.map { "\(label)\(verdicts.count > 1 ? " (\(subject))" : ""): \($0)" }
      }
    }.unique
  }

  /// A method with its verdict on each concept.
  typealias Words = (label: RowLabel, verdicts: [(subject: String, verdict: RunVerdict)])

  /// The verdict on each concept of each method, in the order of the rows.
  /// - Parameter arePooled: whether concepts that were measured together are one, which has their other subjects
  static func words(_ results: Results, arePooled: Bool = false) -> [Words] {
    let rows = results.rows.ofEvaluation
    let others = rows.filter { $0.method != "original" }
    return others.map(\.label).unique.map { label in
      let own = others.filter { $0.label == label }
      // Concepts that were measured together have verdicts of their own in the place of that on all of them.
      let split = Set(own.compactMap(\.axes.among))
      let subjects =
        arePooled
        ? own.filter { $0.axes.among == nil }.map(\.subject).unique
        : own.map(\.subject).unique.filter { !split.contains($0) }
      return (
        label,
        subjects.map { subject in
          var part = results
          part.rows = rows.filter { $0.subject == subject }
            .map { $0.with { $0.among = nil } }
          return (subject, RunVerdict(part, of: label))
        }
      )
    }
  }
}
