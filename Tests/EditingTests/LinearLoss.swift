import Diffusion
import TestSupport
import Torch
import Training

@testable import Editing

/// L_r = <a, p>, L_f = <b, p>: gradients a and b, whatever the model.
struct LinearLoss: Objective {
  let p: Tensor
  let direction: Tensor
  func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    (p * direction).sum()
  }
}

/// The loss and the gradient by `p` of one step of a rule.
func gradient(_ rule: any GradientRule, _ p: Tensor) throws -> (Double, [Float]) {
  let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
  p.requiresGradient = true
  defer { p.requiresGradient = false }
  var (rule, step) = (rule, Step(index: 0, seed: 1))
  let found = try rule.gradient(model, over: [p], &step)
  return (found.loss, found.gradients[0].floats)
}
