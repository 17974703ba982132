internal import Foundation
internal import Torch

/// The result of an erasure: a parameter vector, and the guard's verdict on the training that gave it.
public struct Erased {
  /// Forgotten weights - original weights.
  public var vector: ParameterVector
  /// Whether the training was kept whole or stopped by its guard.
  public var verdict: Verdict

  /// A result of a method; closed forms have no guard and are kept whole.
  public init(_ vector: ParameterVector, _ verdict: Verdict = .keptWhole) {
    (self.vector, self.verdict) = (vector, verdict)
  }
}

/// The extent of an erasure: the whole of its training, or the part before the guard stopped it (`CollapseGuard`).
public enum Verdict: Codable, Sendable, Hashable {
  /// The last weights: every check was within the limit, or nothing was checked, as in closed forms.
  case keptWhole
  /// The weights of an earlier step, because a later check was beyond the limit.
  case stopped(Stop)

  /// The point at which the guard stopped a training.
  public struct Stop: Codable, Sendable, Hashable {
    /// The step whose check was beyond the limit.
    public var step: Int
    /// The last step whose check was within it, whose weights are kept; 0 where there was none.
    public var kept: Int
    /// The drift found at `step`; nil where it was no finite number.
    public var drift: Double?
    /// The largest drift that the guard accepts.
    public var limit: Double

    /// The step of the check, the step that was kept, the drift found and its limit.
    public init(step: Int, kept: Int, drift: Double, limit: Double) {
      (self.step, self.kept, self.limit) = (step, kept, limit)
      self.drift = drift.isFinite ? drift : nil
    }
  }

  /// A sentence for the user where the training was stopped.
  public var warning: String? {
    guard case .stopped(let stop) = self else { return nil }
    let moved = stop.drift.map { "moved by \(Self.rounded($0))" } ?? "are no longer finite"
    let kept =
      stop.kept == 0
      ? "No check was within it; the weights are those that the training began with."
      : "The eraser is that of step \(stop.kept), the last within it."
    return
      "stopped at step \(stop.step): predictions for prompts to keep \(moved), beyond guarding.limit "
      + "\(Self.rounded(stop.limit)). \(kept) For more steps, lower the learning rate or train fewer parameters"
  }

  // `{"keptWhole": {}}` or `{"stopped": {"step": ...}}`. Version 0.2.0's first files have the stop in `_0`.
  private enum Key: String, CodingKey { case keptWhole, stopped }
  private enum FormerKey: String, CodingKey { case stop = "_0" }

  public init(from decoder: any Decoder) throws {
    let c = try decoder.container(keyedBy: Key.self)
    switch c.allKeys {
    case [.keptWhole]: self = .keptWhole
    case [.stopped]:
      let former = try c.nestedContainer(keyedBy: FormerKey.self, forKey: .stopped)
      self = .stopped(
        try former.contains(.stop)
          ? former.decode(Stop.self, forKey: .stop) : c.decode(Stop.self, forKey: .stopped))
    default:
      throw DecodingError.typeMismatch(
        Verdict.self, .init(codingPath: c.codingPath, debugDescription: "no verdict"))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var c = encoder.container(keyedBy: Key.self)
    switch self {
    case .keptWhole: try c.encode([String: String](), forKey: .keptWhole)
    case .stopped(let stop): try c.encode(stop, forKey: .stopped)
    }
  }

  /// Three digits, whatever the size.
  private static func rounded(_ x: Double) -> String { String(format: "%.3g", x) }
}
