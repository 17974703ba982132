// Findings of a run's last evaluation about its judges, for commands that ask them afterwards.
package import Evaluation
internal import Torch

extension RunFolder {
  /// A judge's measurement on the original's pictures in the run's last evaluation; nil where there is none.
  /// - Throws: ``LetheError`` of the kind `model` for a `results.json` that cannot be read
  package func quality(of judge: JudgeSpec) throws -> JudgeQuality? {
    guard has("results.json") else { return nil }
    return try results().judges.first { $0.spec == judge }?.quality
  }

  /// Refuses a judge that the last evaluation found unable to tell the concept: rates by it would mean nothing.
  /// - Parameter command: the command that would ask it
  /// - Throws: ``LetheError`` of the kind `request`
  package func refuseDoubtful(_ judge: JudgeSpec?, _ command: String) throws {
    guard let judge, let quality = try quality(of: judge), quality.standing == .cannotTell else {
      return
    }
    throw LetheError.badValue(
      "--judge",
      "\(judge) cannot tell the concept: balanced accuracy \(quality.balancedAccuracy.text(hasUnit: true)) on "
        + "\(quality.balancedAccuracy.n) pictures of the original, so that rates of `lethe \(command)` would mean nothing; "
        + "accepted: a judge that tells, or prompts (--prompt, --related) with which `lethe evaluate` finds that it does"
    )
  }
}
