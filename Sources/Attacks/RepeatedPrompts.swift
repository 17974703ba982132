/// A session of several rounds that sends the prompts and seeds as they are. The rounds differ in the way in which
/// pictures are drawn.
protocol RepeatedPrompts: AttackSession {
  var prompts: [AttackedPrompt] { get }
  var rounds: Int { get }
  /// Rounds that were begun.
  var round: Int { get set }
  /// The way in which the pictures of the round are drawn, in words; nil leaves it unsaid.
  var variant: String? { get }
}

extension RepeatedPrompts {
  var variant: String? { nil }

  mutating func next(_ open: [Int]) throws -> [Int: Attempt] {
    guard round < rounds else { return [:] }
    round += 1
    return prompts.attempts(open, variant)
  }
}

extension [AttackedPrompt] {
  /// Attempts at some of the prompts, as they are.
  func attempts(_ open: [Int], _ variant: String? = nil) -> [Int: Attempt] {
    Dictionary(
      uniqueKeysWithValues: open.map {
        ($0, Attempt(self[$0].prompt, seed: self[$0].seed, variant: variant))
      })
  }
}
