/// The outcome of one prompt under one attack; a line of `NAME.jsonl`.
package struct AttackOutcome: Codable, Sendable {
  /// The prompt's place in the list of prompts.
  package var index: Int
  /// Whether the victim shows the concept before any attack; such a prompt is not attacked.
  package var before: Bool
  /// Whether the attack can be run on the prompt at all.
  package var attackable: Bool
  package var success: Bool
  /// The attempt that brought the concept back.
  package var attempt: Attempt?
  /// Pictures that the victim drew for the prompt.
  package var queries: Int
  package var seconds: Double
  /// Noisy pictures that U-Nets predicted for the prompt, in the search and in its pictures; nil in older logs.
  package var evaluations: Int?
  /// Attempts that did not bring the concept back, without embeddings: the first and the latest, at most
  /// ``mostFailed``. Nil for none, and in older logs.
  package var failed: [Attempt]?

  /// Other judges that saw the concept, each with the number of pictures that were drawn until then; 0 for the prompt as it is. The
  /// attempts end with the success by the first judge. Nil for none, and where one judge was asked.
  package var seen: [String: Int]?

  package static let mostFailed = 16

  /// Whether the first judge closed the prompt before any attempt and this one does not see the concept there: for this judge the
  /// prompt was never attacked. Logs have outcomes by the first judge alone.
  package private(set) var isUntried = false

  private enum CodingKeys: String, CodingKey {
    case index, before, attackable, success, attempt, queries, seconds, evaluations, failed, seen
  }

  /// An outcome by the first judge.
  package init(
    index: Int, before: Bool, attackable: Bool, success: Bool, attempt: Attempt? = nil,
    queries: Int, seconds: Double, evaluations: Int? = nil, failed: [Attempt]? = nil,
    seen: [String: Int]? = nil
  ) {
    (self.index, self.before, self.attackable) = (index, before, attackable)
    (self.success, self.attempt, self.queries) = (success, attempt, queries)
    (self.seconds, self.evaluations) = (seconds, evaluations)
    (self.failed, self.seen) = (failed, seen)
  }

  /// The outcome as another judge sees it.
  package func by(_ judge: String) -> AttackOutcome {
    var own = self
    let pictures = seen?[judge]
    (own.success, own.before, own.attempt) = (pictures != nil, pictures == 0, nil)
    own.queries = pictures ?? queries
    own.isUntried = before && pictures == nil
    own.seen = nil
    return own
  }
}
