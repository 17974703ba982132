// Watches a few prompts that should not change, and stops a training that ruins them.
public import Diffusion
internal import Torch

/// Relative error of the edited model against the original on retained prompts:
///
///   drift = sum | eps_theta - eps_o |^2 / sum | eps_o - mean eps_o |^2
///
/// 0 is the original; 1 is as wrong as predicting the same thing everywhere.
public struct CollapseGuard {
  public let limit: Double
  private let states: DenoisingStates
  private let embeddings: Conditioning
  private let variance: Double

  public init(_ states: DenoisingStates, prompts: Conditioning, limit: Double) {
    (self.states, embeddings, self.limit) = (states, prompts, limit)
    let e = states.conditional
    variance = (e - e.mean()).squared().sum().item
  }

  public func drift(_ model: DiffusionModel) -> Double {
    withoutGradients {
      var total = 0.0
      for first in stride(from: 0, to: states.count, by: 16) {
        let n = min(16, states.count - first)
        let c = Conditioning(
          embeddings.hidden.indexed(0, Array(states.prompt[first..<(first + n)])))
        let e = model.predict(
          states.x.narrowed(0, first, n), at: states.t.narrowed(0, first, n), given: c)
        total += (e - states.conditional.narrowed(0, first, n)).squared().sum().item
      }
      return total / variance
    }
  }
}
