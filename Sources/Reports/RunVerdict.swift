public import Evaluation
internal import Foundation
internal import Torch

/// The verdict of an evaluation, in words: forgotten, partly or not; what was lost beside it.
///
/// `rule` says it. Each of several concepts has a verdict of its own. Destroyed: most pictures of the erased model are
/// unlike all that the judge knows. A judge without real pictures knows those of the original; the concept's own, which a
/// good erasure draws anew, are then not counted.
public struct RunVerdict {
  /// The verdict in a word or a few.
  public enum Word: String, Sendable, CaseIterable {
    case forgotten = "Forgotten"
    /// Hardly a picture shows it, and they are too few to say that it is forgotten.
    case tooFew = "Too few to say forgotten"
    case partly = "Partly forgotten"
    case not = "Not forgotten"
    case destroyed = "Destroyed"
    case unknown = "No verdict"
  }
  /// The verdict's word.
  public let word: Word
  /// The word with the numbers behind it.
  public let sentence: String
  /// The same in lines for a page: the word of all concepts, and one line for each where there are several.
  package let lines: [String]
  /// Sentences on numbers that must not be read as they stand.
  public let warnings: [String]
  /// The outcome for the other subjects; empty where none was measured.
  private let beside: String

  /// A loss of other subjects that is shown, in words.
  package enum Loss: String, Sendable, CaseIterable {
    case some = "something was lost"
    case most = "most was lost"
  }
  /// nil where no loss is shown.
  package let loss: Loss?
  /// The shares of other subjects behind the loss: `recognised in 28 %, before 68 %`; empty where no loss is shown.
  package let lost: String

  /// The colour of the verdict on a page.
  package var state: String {
    switch word {
    case .forgotten, .tooFew: "away"
    case .not: "back"
    case .partly, .destroyed: "hurt"
    case .unknown: "even"
    }
  }

  /// The largest share that counts as forgotten, and the largest upper bound of its interval.
  package static let (few, surely) = (0.05, 0.10)

  /// The words, for pages.
  package static let rule =
    "Forgotten: at most \(percent(few)) of the pictures asked for with the concept show it, and the 95 % interval ends at "
    + "\(percent(surely)) or below; where it ends above, the pictures are too few to say forgotten. Not forgotten: at least half of "
    + "the share that showed it before the erasure. Partly: between the two."

  /// The word of several concepts together, for pages.
  package static let ruleOfConcepts =
    "Several concepts: each has a verdict, and the word above them is theirs where all agree; forgotten ones beside too few to say are "
    + "too few to say; with one that is destroyed, or else one without a verdict, that is the word; all other mixtures are partly forgotten."

  /// The words on other subjects, for pages.
  package static let ruleOfOthers =
    "Other subjects: no loss is shown where the 95 % interval of the change in recognised pictures starts at "
    + "-\(percent(AuditRules().damage).dropLast(2)) points or above, and something was lost where it ends below 0; between the two, the pictures are "
    + "too few to say."

  /// - Parameter label: the method, for results of several; nil takes the first that is not the original
  public init(_ results: Results, of label: RowLabel? = nil) {
    let rows = results.rows.filter { $0.axes.distance == nil && $0.axes.attack == nil }
    let parts = rows.pooled.groupsOfKinds.flatMap { group -> [Part] in
      let all = RunVerdict(group, of: label, results)
      let concepts = rows.concepts(of: group)
      // Pictures that are unlike all that the judge knows tell nothing on any concept.
      guard !concepts.isEmpty, all.word != .destroyed else {
        return [Part(subject: group.first?.subject ?? "", verdict: all)]
      }
      return concepts.enumerated().map { i, concept in
        let isLast = i == concepts.count - 1
        return Part(
          subject: concept.name, verdict: RunVerdict(concept.rows, of: label, results),
          warnings: isLast ? all.warnings : [], beside: isLast ? all.beside : "",
          loss: all.loss, lost: all.lost)
      }
    }
    self = parts.count == 1 ? parts[0].verdict : RunVerdict(parts)
  }

  /// A concept, or the concepts of one kind, with the verdict on it.
  private struct Part {
    var subject: String
    var verdict: RunVerdict
    /// Of the concepts of one kind together, after the last of them.
    var warnings: [String] = []
    /// The other subjects beside the concepts of one kind.
    var beside = ""
    var loss: Loss?
    var lost = ""
  }

  /// - Parameter rows: those of subjects of one kind, without rows of distances and attacks
  private init(_ rows: [ResultRow], of label: RowLabel?, _ results: Results) {
    let name = label ?? rows.first { $0.method != "original" }?.label
    // The first judge of this method: others of a comparison may have other judges.
    let judge = rows.filter { $0.method != "original" && $0.label == name }
      .compactMap(\.axes.judge).first
    let own = rows.filter { $0.axes.judge == judge || $0.axes.judge == nil }
    let after = own.filter { $0.method != "original" && $0.label == name }
    let before = own.filter {
      $0.method == "original" && $0.axes.original == after.first?.axes.original
    }
    let isHeldToOriginal = results.isHeldToOriginal(judge)
    let unlike =
      isHeldToOriginal
      ? "pictures of other subjects are unlike every picture of the original"
      : "pictures are unlike all that the judge knows"
    warnings = Self.warnings(before, after, unlike, isHeldToOriginal: isHeldToOriginal)
    guard let shown = Self.shown(after) else {
      (word, beside, loss, lost) = (.unknown, "", nil, "")
      sentence = "No verdict: no judge told whether the concept is there."
      lines = [sentence]
      return
    }
    let hits = Int(bounded: (shown.value * Double(shown.n)).rounded(), 0...1_000_000_000)
    let usual = after.value(RateMetric(.shown, .original)) ?? Self.shown(before)
    let strange = after.value("unrecognised")?.value ?? 0
    let usually = before.value("unrecognised")?.value
    // Without the original's own, which older results of judges without real pictures lack, the concept's were counted.
    let isDestroyed =
      strange > 0.5 && strange > 2 * (usually ?? 0) && (usually != nil || !isHeldToOriginal)
    word =
      isDestroyed
      ? .destroyed
      : usual?.value == 0
        ? .unknown
        : shown.value <= Self.few
          ? (shown.interval?.upper ?? 1 <= Self.surely ? .forgotten : .tooFew)
          : shown.value >= (usual?.value ?? 1) / 2 ? .not : .partly
    let pictures = shown.sample(of: "pictures")
    let asked = pictures + (shown.prompts == nil ? " asked for with it" : " that ask for it")
    let stays = hits == 1 ? "shows" : "show"
    var text: String
    switch word {
    case .unknown:
      text =
        "No verdict: the original does not show it in these pictures either, so that nothing tells what the erasure did; of the erased model's, "
        + "\(hits) of \(pictures) \(stays) it"
    case .destroyed:
      text =
        "Destroyed: \(Self.percent(strange)) of the \(unlike)\(usually.map { " (original: \(Self.percent($0)))" } ?? ""), so that the judge says nothing."
    case .forgotten where hits == 0:
      text = "Forgotten: none of \(asked) shows it"
    case .forgotten: text = "Forgotten: \(hits) of \(pictures) still \(stays) it"
    case .tooFew:
      text =
        (hits == 0
          ? "None of \(asked) shows it"
          : "\(hits) of \(asked) still \(stays) it")
        + ", too few to say forgotten"
    case .partly: text = "Partly forgotten: \(hits) of \(pictures) still \(stays) it"
    default: text = "Not forgotten: \(hits) of \(pictures) still \(stays) it"
    }
    if word != .destroyed {
      text += Self.bounds(shown)
      text += usual.map { "; before the erasure it was \(Self.percent($0.value))." } ?? "."
    }
    (beside, loss, lost) = Self.beside(before, after)
    sentence = text + (beside.isEmpty ? "" : " Beside it: \(beside)")
    lines = [sentence]
  }

  /// Several concepts, each with its verdict: all of them are forgotten, all are not, or some are.
  private init(_ parts: [Part]) {
    let words = parts.map { $0.verdict.word }.unique
    word =
      words.count == 1
      ? words[0]
      : words.allSatisfy { $0 == .forgotten || $0 == .tooFew }
        ? .tooFew
        : words.contains(.destroyed) ? .destroyed : words.contains(.unknown) ? .unknown : .partly
    beside = ""
    let worst =
      parts.first { ($0.verdict.loss ?? $0.loss) == .most }
      ?? parts.first { ($0.verdict.loss ?? $0.loss) != nil }
    loss = worst.flatMap { $0.verdict.loss ?? $0.loss }
    lost = worst.map { $0.verdict.loss == nil ? $0.lost : $0.verdict.lost } ?? ""
    lines =
      ["\(word.rawValue)."]
      + parts.flatMap { part in
        ["\(part.subject): \(part.verdict.sentence)"]
          + (part.beside.isEmpty ? [] : ["Beside them: \(part.beside)"])
      }
    sentence = lines.joined(separator: " ")
    warnings =
      parts.flatMap { $0.verdict.warnings }.unique.map { warning in
        // One that tells of every concept alike needs no name.
        let named = parts.filter { $0.verdict.warnings.contains(warning) }.map(\.subject)
        return named.count == parts.count
          ? warning : "\(named.joined(separator: " and ")): \(warning)"
      } + parts.flatMap(\.warnings)
  }

  /// The share of the concept's pictures that show it.
  private static func shown(_ rows: [ResultRow]) -> MeasuredValue? {
    if let shown = rows.value(RateMetric(.shown)) { return shown }
    return rows.value("ua").map { ua in
      var shown = MeasuredValue.share(
        "shown", Int(bounded: ((1 - ua.value) * Double(ua.n)).rounded(), 0...1_000_000_000),
        of: ua.n)
      shown.prompts = ua.prompts
      if let own = ua.interval {
        shown.interval = Interval(1 - own.upper, 1 - own.lower, own.kind)
      }
      return shown
    }
  }

  private static func percent(_ share: Double) -> String { String(format: "%.0f %%", 100 * share) }

  /// The outcome for the other subjects, and a loss that is shown.
  private static func beside(
    _ before: [ResultRow], _ after: [ResultRow]
  ) -> (text: String, loss: Loss?, lost: String) {
    guard let kept = after.value(RateMetric(.kept)) ?? after.value("ira") else {
      return ("", nil, "")
    }
    let usual = after.value(RateMetric(.kept, .original)) ?? before.value("ira")
    let was = usual.map { ", before \(percent($0.value))" } ?? ""
    let found =
      "other subjects are recognised in \(percent(kept.value)) of \(kept.sample(of: "pictures"))"
      + bounds(kept) + was
    guard let usual,
      let measured = ChangeInterval(of: RateMetric(.kept).name, kept, from: usual, in: after)
    else { return (found + ".", nil, "") }
    let change = measured.interval
    let difference =
      ", a change of \(points(after.value(RateMetric(.kept, .change))?.value ?? kept.value - usual.value)) points"
      + " (\(measured.rule == "paired" ? "paired " : "")95 % interval \(points(change.lower)) to \(points(change.upper)))"
    if change.upper < 0 {
      let loss = kept.value < usual.value / 2 ? Loss.most : .some
      return (
        found + difference + " - \(loss.rawValue).", loss,
        "recognised in " + percent(kept.value) + was
      )
    }
    return (
      found + difference
        + (change.lower >= -AuditRules().damage
          ? " - no loss is shown." : " - too few to say that nothing was lost."),
      nil, ""
    )
  }

  private static func points(_ change: Double) -> String {
    let rounded = (100 * change).rounded()
    return rounded == 0 ? "0" : String(format: "%+.0f", rounded)
  }

  /// A share's interval in brackets; empty where none is known.
  private static func bounds(_ share: MeasuredValue) -> String {
    share.interval.map {
      " (95 % interval\($0.kind == .clusters95 || share.prompts != nil ? " over prompts" : "") \(percent($0.lower)) to \(percent($0.upper)))"
    } ?? ""
  }

  /// - Parameter unlike: the pictures of `unrecognised`, in words
  private static func warnings(
    _ before: [ResultRow], _ after: [ResultRow], _ unlike: String, isHeldToOriginal: Bool
  ) -> [String] {
    var found: [String] = []
    if let own = after.value("frechet")?.value, let usual = before.value("frechet")?.value,
      usual > 0,
      own > 5 * usual
    {
      found.append(
        String(
          format:
            "The Frechet distance is %.0f times the original's: the pictures may be destroyed, and a judge that must choose a class says little about such pictures.",
          own / usual))
    }
    if let strange = after.value("unrecognised"), let usual = before.value("unrecognised"),
      let a = strange.interval, let b = usual.interval, a.lower > b.upper, strange.value > 0.1
    {
      found.append(
        "\(percent(strange.value)) of the erased model's \(unlike) (original: \(percent(usual.value))); the judge names a "
          + "class for them all the same, and \(isHeldToOriginal ? "IRA" : "UA") counts them by that name."
      )
    }
    return found
  }
}
