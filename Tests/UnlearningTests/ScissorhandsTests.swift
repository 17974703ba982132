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
  /// The repair's loss is L_r - lambda l_f, or + lambda of the loss towards another caption. The remembered gradient is
  /// that of -l_f in the trimmed model: v is Projected's from it, and g + v m the direction. The two oppose each other
  /// where forgetting weighs little.
  @Test(arguments: [
    (lambda: 0.1, relabel: false), (lambda: 4, relabel: false), (lambda: 0.1, relabel: true),
  ]) func forgettingIsRemembered(_ form: (lambda: Double, relabel: Bool)) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    try Fixtures.temporaryFolder { folder in
      try ThreeClasses.data(folder)
      let erasure = ThreeClasses.erasure(folder)
      var method = Scissorhands.tiny
      (method.training.batch, method.lambda, method.sparsity) = (6, form.lambda, 0.9)
      method.relabel = form.relabel
      let student = try model.clone()
      let tensors = ParameterSelection.unet.paths(of: student.parameters)
        .compactMap { student.parameters[$0] }
      for tensor in tensors { tensor.requiresGradient = true }
      let run = try Run(folder.appendingPathComponent("run"), seed: 1)
      var rule = try method.rule(erasure, original: model, student: student, tensors, run)
      var step = Step(index: 0, seed: 3)
      let found = try rule.gradient(student, over: tensors, &step)

      let sets = try method.data.sets(erasure, model, run)
      var again = Step(index: 0, seed: 3)
      let r = try sets.retaining(6).loss(student, &again)
      let f =
        try form.relabel
        ? Surrogate(sets.forget, .relabel, others: sets.others, model, batch: 6).loss(
          student, &again)
        : -1 * sets.remembering(6).loss(student, &again)
      let loss = r + form.lambda * f
      #expect(abs(found.loss - loss.item) < 1e-5 * abs(loss.item))
      let g = gradients(of: loss, with: tensors)
      // The batch after those that trimming looked at.
      var last = Step(index: method.pruneBatches, seed: run.seed &+ 11)
      let m = gradients(of: try sets.remembering(6).loss(student, &last), with: tensors)
        .map { -1 * $0 }
      let v = Projected.weight(mg: Foreach.dot(m, g), mm: Foreach.dot(m, m))
      #expect((v > 0) == (form.lambda < 1), "\(v)")
      #expect(abs(try #require(step.log["v"]) - v) < 1e-4 * (1 + v), "\(v)")
      let expected = zip(g, m).map { $0 + v * $1 }
      let away = zip(found.gradients, expected).map { $0 - $1 }
      #expect(Foreach.norm(away) < 1e-4 * Foreach.norm(expected))
    }
  }

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
