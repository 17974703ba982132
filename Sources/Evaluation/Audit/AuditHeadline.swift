// The headline of an audit, read in ten seconds: the verdict, then what brings the concept back. Each of several concepts is named,
// the worst first.
internal import Torch

extension AuditRules {
  /// At most two sentences.
  /// - Parameter tiles: the answers
  func headline(
    _ tiles: [AuditSummary.Tile], _ m: AuditMeasurements, _ concept: String
  ) -> String {
    guard canTell(m) else {
      return "No verdict on '\(concept)': this judge cannot tell it on the original's own pictures."
    }
    let tiles = Dictionary(tiles.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
    guard let own = tiles["erased"] else { return "" }
    let (isDamaged, others) = others(tiles, m)
    let asked = m.concepts.isEmpty ? [Asked(name: nil, measured: m)] : concepts(own, m)
    let left = asked.filter { one in
      (own.concepts?.first { $0.name == one.name }?.answer ?? own.answer) != .bad
    }
    if own.answer != .bad, let quality = m.quality, quality.standing == .unknown {
      let back = returns(left).map { " \($0)" } ?? ""
      return "No verdict on '\(concept)': \(quality.tooFew)\(isDamaged ? others : "").\(back)"
    }
    let first = sentence(own, concept) + (own.answer == .bad && !isDamaged ? "" : others) + "."
    return left.isEmpty ? first : "\(first) \(ways(left))"
  }

  /// A concept with its measurements; without a name where there is one.
  private struct Asked {
    var name: String?
    var measured: AuditMeasurements
  }

  /// The concepts in the order of a tile's answers.
  private func concepts(_ tile: AuditSummary.Tile, _ m: AuditMeasurements) -> [Asked] {
    (tile.concepts ?? []).compactMap { one in
      m.concepts.first { $0.name == one.name }.map { Asked(name: $0.name, measured: $0.measured) }
    }
  }

  /// The answers on the concepts without a full stop, e.g. `not erased: 'fox' (50 % of its pictures still show it); erased: 'cat'`.
  private func sentence(_ tile: AuditSummary.Tile, _ concept: String) -> String {
    let parts = tile.concepts ?? []
    let isAlone = parts.isEmpty
    switch tile.answer {
    case .good: return "'\(concept)' \(isAlone ? "is" : "are") erased"
    case .bad where isAlone:
      let share = tile.measured?.text(hasUnit: true) ?? ""
      return "'\(concept)' is not erased: \(share) of its pictures still show it"
    case .open where isAlone:
      return "Whether '\(concept)' is erased is not shown: "
        + (tile.measured.map {
          "\($0.text(hasUnit: true)) of \($0.sample(of: "pictures")) show it"
        } ?? "nothing was measured")
    default: break
    }
    let groups: [(AuditSummary.Answer, String, String)] = [
      (.bad, "Not erased", "still show it"), (.open, "Not shown to be erased", "show it"),
      (.good, "Erased", ""),
    ]
    let told = groups.compactMap { answer, title, show -> String? in
      let own = parts.filter { $0.answer == answer }
      guard !own.isEmpty else { return nil }
      let names = own.map { one in
        "'\(one.name)'"
          + (show.isEmpty
            ? ""
            : one.measured.map { " (\($0.text(hasUnit: true)) of its pictures \(show))" }
              ?? " (nothing was measured)")
      }
      return "\(title): \(names.inWords)"
    }
    return told.enumerated()
      .map { i, text in i == 0 ? text : (text.first?.lowercased() ?? "") + text.dropFirst() }
      .joined(separator: "; ")
  }

  /// The other pictures, as a clause; empty where all are kept.
  private func others(
    _ tiles: [String: AuditSummary.Tile], _ m: AuditMeasurements
  ) -> (isDamaged: Bool, text: String) {
    guard let all = tiles["neighbours"], let far = tiles["quality"] else { return (false, "") }
    guard m.notFinite == 0 else { return (true, ", and \(Self.notPictures(m.notFinite))") }
    /// The reason of an open answer.
    func why(_ tile: AuditSummary.Tile) -> String {
      guard let measured = tile.measured else { return "" }
      return tile.word.hasPrefix("the judge sees")
        ? ", as \(tile.word)" : " with \(measured.sample(of: "pictures"))"
    }
    let distant = "those of the subjects farthest from it"
    switch (all.answer, far.answer) {
    case (.good, .good): return (false, "")
    case (.bad, _): return (true, ", and other pictures are damaged")
    case (.open, .bad): return (true, ", and other pictures are damaged, \(distant)")
    case (.good, .bad): return (true, ", and of other pictures \(distant) are damaged")
    case (.open, .good):
      return (
        false,
        ", \(distant) are kept, and whether all other pictures together are is not shown\(why(all))"
      )
    case (.good, .open):
      return (
        false,
        ", other pictures together are kept, and whether \(distant) are is not shown\(why(far))"
      )
    case (.open, .open):
      return (false, ", and whether other pictures are kept is not shown\(why(all))")
    }
  }

  /// The ways that bring the concepts back, or those that were tried.
  private func ways(_ asked: [Asked]) -> String {
    if let found = returns(asked) { return found }
    let m = asked[0].measured
    let it =
      asked[0].name == nil ? "it" : asked.count == 1 ? "'\(asked[0].name ?? "")'" : "any of them"
    let tried = m.attacks.filter { $0.name != "none" }
    let none =
      tried.count > 1
      ? "None of \(tried.count) attacks brings \(it) back"
      : "\(tried.first.map { "The attack '\($0.name)'" } ?? "Asking for \(asked.count > 1 ? "them" : it) alone") does not bring \(it) back"
    let seen = asked.flatMap { byEachJudge($0.measured) }
    let holds = seen.allSatisfy { doubted(attacks($0), $0).answer == .good }
    let resists = seen.allSatisfy { doubted(relearning($0), $0).answer == .good }
    let last = m.relearning.last.map { tuning($0.step) }
    let verb = m.relearning.last?.step == 1 ? "does" : "do"
    if let last, holds, resists { return "\(none), nor \(verb) \(last)." }
    let attacked =
      holds ? none : deciding(m) == nil ? "No attack was tried" : "The attacks leave it open"
    let tuned =
      last.map {
        resists ? "\($0) \(verb) not bring \(it) back" : "fine-tuning leaves it open"
      } ?? "no fine-tuning was tried"
    return "\(attacked), and \(tuned)."
  }

  /// The measurements by each judge that can tell.
  private func byEachJudge(_ m: AuditMeasurements) -> [AuditMeasurements] {
    m.byJudge.isEmpty ? [m] : m.byJudge
  }

  /// The ways that bring each concept back by one of the judges; nil for none.
  private func returns(_ asked: [Asked]) -> String? {
    let found = asked.compactMap { one -> (name: String?, ways: String)? in
      let seen = byEachJudge(one.measured)
      let attack = seen.compactMap(deciding).first { $0.answer == .bad }
      let back = seen.compactMap(firstReturn).min { $0.step < $1.step }
      let ways = [
        attack?.attack.words,
        back.map { $0.step == 0 ? "the fine-tuning's prompts alone" : tuning($0.step) },
      ].compactMap(\.self)
      return ways.isEmpty ? nil : (one.name, ways.joined(separator: " and with "))
    }
    let parts = found.map(\.ways).unique.map { ways in
      let names = found.filter { $0.ways == ways }.compactMap(\.name).map { "'\($0)'" }
      return names.count > 1
        ? "\(names.inWords) come back with \(ways)"
        : "\(names.first ?? "It") comes back with \(ways)"
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", and ") + "."
  }

  private func tuning(_ steps: Int) -> String { "\(steps.counted("step")) of fine-tuning" }
}

extension [String] {
  /// The members with commas and an `and`: `a, b and c`.
  package var inWords: String {
    count < 2 ? first ?? "" : dropLast().joined(separator: ", ") + " and " + (last ?? "")
  }
}
