// The drift of a few prompts that should not change, by which a training that ruins them is stopped.
package import Diffusion
internal import Torch

/// Relative error of the edited model against the original on retained prompts:
///
///   drift = sum | eps_theta - eps_o |^2 / sum | eps_o - mean eps_o |^2
///
/// 0 is the original; 1 is as wrong as predicting the same thing everywhere.
package struct CollapseGuard {
  package let limit: Double
  private let states: DenoisingStates
  package let prompts: [String]
  private let variance: Double

  package init(_ states: DenoisingStates, prompts: [String], limit: Double) {
    (self.states, self.prompts, self.limit) = (states, prompts, limit)
    let e = states.conditional
    variance = (e - e.mean()).squared().sum().item
  }

  package func drift(_ model: DiffusionModel) -> Double {
    // By the model's own text encoder, which may be trained too.
    let c = withoutGradients { model.embed(prompts) }
    let e = states.predictions(of: model, given: c)
    return withoutGradients { (e - states.conditional).squared().sum().item / variance }
  }
}
