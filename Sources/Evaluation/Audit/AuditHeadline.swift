// The headline of an audit, read in ten seconds: the verdict, then what brings the concept back.
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
    let answers = Dictionary(tiles.map { ($0.name, $0.answer) }, uniquingKeysWith: { a, _ in a })
    let kept = [answers["neighbours"], answers["quality"]]
    let damaged = kept.contains(.bad) ? ", and other pictures are damaged" : ""
    let (one, own) = deciding("erased", m)
    let are = one == nil ? "is" : "are"
    if answers["erased"] == .bad {
      let share = own.shown?.text(hasUnit: true) ?? ""
      let pictures = one.map { "of the pictures of '\($0)'" } ?? "of its pictures"
      return "'\(concept)' \(are) not erased: \(share) \(pictures) still show it\(damaged)."
    }
    if let quality = m.quality, quality.standing == .unknown {
      let back = returns(m).map { " \($0)" } ?? ""
      return "No verdict on '\(concept)': \(quality.tooFew)\(damaged).\(back)"
    }
    let damage =
      damaged.isEmpty && kept.contains(.open)
      ? ", and whether other pictures are kept is not shown" : damaged
    let erased =
      answers["erased"] == .good
      ? "'\(concept)' \(are) erased"
      : "Whether '\(concept)' \(are) erased is not shown: "
        + (own.shown.map {
          "\($0.text(hasUnit: true)) of \($0.sample(of: "pictures"))\(one.map { " of '\($0)'" } ?? "") show it"
        } ?? "nothing was measured")
    return "\(erased)\(damage). \(ways(answers, m))"
  }

  /// The ways that bring the concept back, or those that were tried.
  private func ways(_ answers: [String: AuditSummary.Answer], _ m: AuditMeasurements) -> String {
    if let found = returns(m) { return found }
    let attack = deciding(deciding("attacks", m).measured)
    let it = m.concepts.isEmpty ? "it" : "any of them"
    let tried = m.attacks.filter { $0.name != "none" }
    let none =
      tried.count > 1
      ? "None of \(tried.count) attacks brings \(it) back"
      : "\(tried.first.map { "The attack '\($0.words)'" } ?? "Asking for \(m.concepts.isEmpty ? "it" : "them") alone") does not bring \(it) back"
    let last = m.relearning.last.map { tuning($0.step) }
    let holds = answers["attacks"] == .good
    if let last, holds, answers["relearning"] == .good { return "\(none), nor do \(last)." }
    let attacked =
      holds ? none : attack == nil ? "No attack was tried" : "The attacks leave it open"
    let tuned =
      last.map {
        answers["relearning"] == .good
          ? "\($0) do not bring \(it) back" : "fine-tuning leaves it open"
      } ?? "no fine-tuning was tried"
    return "\(attacked), and \(tuned)."
  }

  /// The ways that bring the concept back; nil for none.
  private func returns(_ m: AuditMeasurements) -> String? {
    let (attacked, tuned) = (deciding("attacks", m), deciding("relearning", m))
    let (attack, back) = (deciding(attacked.measured), firstReturn(tuned.measured))
    let found = [
      attack?.answer == .bad ? (attacked.concept, attack?.attack.words ?? "") : nil,
      back.map {
        (tuned.concept, $0.step == 0 ? "the fine-tuning's prompts alone" : tuning($0.step))
      },
    ].compactMap(\.self)
    let parts = found.map(\.0).unique.map { concept in
      let ways = found.filter { $0.0 == concept }.map(\.1).joined(separator: " and with ")
      return "\(concept.map { "'\($0)'" } ?? "It") comes back with \(ways)"
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", and ") + "."
  }

  private func tuning(_ steps: Int) -> String { "\(steps.counted("step")) of fine-tuning" }
}
