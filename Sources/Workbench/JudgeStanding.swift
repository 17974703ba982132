// Findings of a run's last evaluation about its judges, for commands that ask them afterwards.
package import Evaluation
internal import Torch

extension RunFolder {
  /// `--judge` with a judge of the run's, where a later command would take another one by itself; else empty.
  /// - Parameter spec: nil takes that of the run's results
  package func judgeOption(_ spec: JudgeSpec? = nil) -> [String] {
    let own = spec ?? (try? results())?.judges.first?.spec
    guard let spec = own, let job = try? job() else { return [] }
    let kept = (try? judges()) ?? []
    let taken = kept.first ?? (try? job.folder.judgeSpec())
    return taken == spec ? [] : ["--judge", spec.description]
  }

  /// The command that measures the run.
  /// - Parameter judges: those of the runs that it is compared with; nil where none was measured
  package func measuring(_ path: String, like judges: [JudgeSpec]?) -> [String] {
    guard let job = try? job() else { return ["lethe", "evaluate", path] }
    let own = ((try? self.judges()) ?? []).first ?? (try? job.folder.judgeSpec())
    guard let judges, judges.first != own else {
      return ["lethe"] + job.measuring(path, judges: (try? self.judges()) ?? [])
    }
    return ["lethe", "evaluate", path] + judges.flatMap { ["--judge", $0.description] }
  }

  /// A judge's measurement on the original's pictures in the run's last evaluation; nil where there is none.
  /// - Throws: ``LetheError`` of the kind `model` for a `results.json` that cannot be read
  package func quality(of judge: JudgeSpec) throws -> JudgeQuality? {
    guard has("results.json") else { return nil }
    return try results().judges.first { $0.spec == judge }?.quality
  }

  /// The one of several judges that attacks and fine-tunings ask: the first that the last evaluation found able to tell, else the
  /// first that it did not find unable. Judgements made elsewhere come last, as no attack's pictures are among them.
  /// - Throws: ``LetheError`` of the kind `model` for a `results.json` that cannot be read
  package func asked(of judges: [JudgeSpec]) throws -> JudgeSpec? {
    let standings = try judges.map { ($0, try quality(of: $0)?.standing) }
    func first(_ isOne: (JudgeQuality.Standing?) -> Bool) -> JudgeSpec? {
      let found = standings.filter { isOne($0.1) }.map(\.0)
      return found.first { $0.scheme != ScoreTable.scheme } ?? found.first
    }
    return first { $0 == .tells } ?? first { $0 != .cannotTell } ?? judges.first
  }

  /// The judges that look at attempts beside the one that is asked: those that the last evaluation found able to tell as that one,
  /// or that nothing is known of where nothing is known of it. Judgements made elsewhere see no attempt.
  /// - Throws: ``LetheError`` of the kind `model` for a `results.json` that cannot be read
  package func besides(_ judge: JudgeSpec?, of judges: [JudgeSpec]) throws -> [JudgeSpec] {
    guard let judge else { return [] }
    let standing = try quality(of: judge)?.standing
    return try judges.filter {
      try $0 != judge && $0.scheme != ScoreTable.scheme && quality(of: $0)?.standing == standing
    }
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
        + "\(quality.balancedAccuracy.n.counted("picture")) of the original, so that rates of `lethe \(command)` would mean nothing; "
        + "accepted: a judge that tells, or prompts (--prompt, --related) with which `lethe evaluate` finds that it does"
    )
  }
}
