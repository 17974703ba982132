import Foundation
public import Torch

/// The factor on the learning rate at a step.
public enum LearningRate: String, Choice {
  case constant, linear, cosine
  /// Rises to the peak over the first 30 % and falls to zero, both as cosines (Smith, 2018).
  case oneCycle
  /// Constant over the first half, then linear to zero.
  case secondHalfLinear

  /// - Parameters:
  ///   - step: 0 ..< total
  ///   - warmup: steps of linear rise from 0 before the schedule begins
  package func factor(_ step: Int, of total: Int, warmup: Int = 0) -> Double {
    if step < warmup { return Double(step + 1) / Double(warmup + 1) }
    let p = min(1, Double(step - warmup) / Double(max(1, total - warmup)))
    switch self {
    case .constant: return 1
    case .linear: return 1 - p
    case .cosine: return 0.5 * (1 + cos(.pi * p))
    case .oneCycle:
      return p < 0.3
        ? 0.04 + 0.96 * 0.5 * (1 - cos(.pi * p / 0.3))
        : 0.5 * (1 + cos(.pi * (p - 0.3) / 0.7))
    case .secondHalfLinear: return p < 0.5 ? 1 : max(0.001, 2 * (1 - p))
    }
  }
}
