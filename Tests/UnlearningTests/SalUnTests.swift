import Diffusion
import Editing
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct SalUnTests {
  /// The half that moves has the largest |sum_b g_b|, the sum of the gradients of l_f with their signs; weight decay
  /// does not move the other one.
  @Test(arguments: [0, 0.5]) func salUnMovesTheSalientHalf(_ decay: Double) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try Fixtures.temporaryFolder { folder in
      var method = SalUn()
      method.data.shrink(with: &method.training)
      (method.training.steps, method.saliencySteps, method.guarding.limit) = (2, 3, 0)
      (method.parameters, method.training.optimizer.weightDecay) = ("xattn", decay)
      let erasure = Erasure(forget: [Concept("fox")], preserve: ["a cat"])
      let run = try Run(folder, seed: 2)
      let vector = try method.erase(erasure, from: model, run).vector

      let student = try model.clone()
      let paths = ParameterSelection.crossAttention.paths(of: student.parameters)
      let tensors = paths.compactMap { student.parameters[$0] }
      for tensor in tensors { tensor.requiresGradient = true }
      let loss = Denoising(
        try method.data.forgetSet(erasure, model, run), model, batch: method.training.batch)
      var total = tensors.map { Tensor.zeros($0.shape) }
      for i in 0..<3 {
        var step = Step(index: i, seed: run.seed &+ 11)
        total = zip(total, gradients(of: try loss.loss(student, &step), with: tensors)).map {
          $0 + $1
        }
      }
      let scores = total.flatMap { $0.abs().flattened().floats }
      let threshold = scores.sorted(by: >)[scores.count / 2 - 1]
      let moved = paths.flatMap { vector.tensors[$0]?.flattened().floats.map { $0 != 0 } ?? [] }
      #expect(moved.count == scores.count)
      let stray = zip(moved, scores).filter { $0 && $1 < threshold }
      let still = zip(moved, scores).filter { !$0 && $1 >= threshold }
      #expect(stray.isEmpty && still.count < scores.count / 50, "\(stray.count) \(still.count)")
    }
  }
}
