/// Options of the guard that watches a training; see `CollapseGuard`.
public struct GuardOptions: Codable, Sendable, Hashable {
  /// Steps from one check to the next, from 1; the last step is always checked. Lower it where a training goes wrong
  /// within a few steps.
  public var every = 25
  /// Largest drift on the watched prompts, from 0: 0.5 lets half of a prediction change, 0 turns the guard off.
  public var limit = 0.5
  /// Watched prompts, from 1, drawn from those to preserve. Without any, the guard watches the empty prompt and prompts
  /// near the concept.
  public var prompts = 6
  /// A guard with the default limit.
  public init() {}
  /// A guard of another limit; 0 turns it off.
  public init(limit: Double) { self.limit = limit }
}
