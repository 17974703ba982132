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
    if answers["erased"] == .bad {
      return
        "'\(concept)' is not erased: \(m.shown?.text(hasUnit: true) ?? "") of its pictures still show it\(damaged)."
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
      ? "'\(concept)' is erased"
      : "Whether '\(concept)' is erased is not shown: "
        + (m.shown.map { "\($0.text(hasUnit: true)) of \($0.sample(of: "pictures")) show it" }
          ?? "nothing was measured")
    return "\(erased)\(damage). \(ways(answers, m))"
  }

  /// The ways that bring the concept back, or those that were tried.
  private func ways(_ answers: [String: AuditSummary.Answer], _ m: AuditMeasurements) -> String {
    if let found = returns(m) { return found }
    let attack = deciding(m)
    let tried = m.attacks.filter { $0.name != "none" }
    let none =
      tried.count > 1
      ? "None of \(tried.count) attacks brings it back"
      : "\(tried.first.map { "The attack '\($0.words)'" } ?? "Asking for it alone") does not bring it back"
    let last = m.relearning.last.map { tuning($0.step) }
    let holds = answers["attacks"] == .good
    if let last, holds, answers["relearning"] == .good { return "\(none), nor do \(last)." }
    let attacked =
      holds ? none : attack == nil ? "No attack was tried" : "The attacks leave it open"
    let tuned =
      last.map {
        answers["relearning"] == .good ? "\($0) do not bring it back" : "fine-tuning leaves it open"
      } ?? "no fine-tuning was tried"
    return "\(attacked), and \(tuned)."
  }

  /// The ways that bring the concept back; nil for none.
  private func returns(_ m: AuditMeasurements) -> String? {
    let (attack, back) = (deciding(m), firstReturn(m))
    let found = [
      attack?.answer == .bad ? attack?.attack.words : nil,
      back.map { $0.step == 0 ? "the fine-tuning's prompts alone" : tuning($0.step) },
    ].compactMap(\.self)
    return found.isEmpty ? nil : "It comes back with \(found.joined(separator: " and with "))."
  }

  private func tuning(_ steps: Int) -> String { "\(steps) steps of fine-tuning" }
}
