import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct ScissorhandsTests {
  /// Trimming begins the tenth anew that has the largest |theta| sum_b |g_b|, and leaves the rest.
  @Test func scissorhandsTrimsTheSensitive() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    try Fixtures.temporaryFolder { folder in
      try ThreeClasses.data(folder)
      let erasure = ThreeClasses.erasure(folder)
      var method = Scissorhands()
      (method.training.steps, method.training.batch, method.sparsity) = (0, 4, 0.9)
      method.pruneBatches = 3
      let run = try Run(folder.appendingPathComponent("cut"), seed: 4)
      let cut = try method.erase(erasure, from: model, run).vector

      let student = try model.clone()
      let paths = ParameterSelection.unet.paths(of: student.parameters)
      let tensors = paths.compactMap { student.parameters[$0] }
      for tensor in tensors { tensor.requiresGradient = true }
      let loss = Denoising(try method.data.forgetSet(erasure, model, run), model, batch: 4)
      var sums = tensors.map { Tensor.zeros($0.shape) }
      for b in 0..<3 {
        var step = Step(index: b, seed: run.seed &+ 11)
        sums = zip(sums, gradients(of: try loss.loss(student, &step), with: tensors)).map {
          $0 + $1.abs()
        }
      }
      let scores = zip(tensors, sums).flatMap { ($0.detached().abs() * $1).flattened().floats }
      let threshold = scores.sorted(by: >)[Int(0.1 * Double(scores.count)) - 1]
      let fresh = try model.initial(seed: run.seed &+ 9)
      var i = 0
      for path in paths {
        let change = try #require(cut.tensors[path]).flattened().floats
        let (old, new) = (
          try #require(model.parameters[path]).flattened().floats,
          try #require(fresh.parameters[path]).flattened().floats
        )
        for j in change.indices {
          let expected = scores[i] >= threshold ? new[j] - old[j] : 0
          #expect(abs(change[j] - expected) < 1e-5)
          i += 1
        }
      }
    }
  }
}
