// Fine-tuning a model on pictures, checkpoint by checkpoint.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Attacks

@Suite struct RelearningTests {
  static func tuning(_ mode: Relearning.Mode) -> Relearning {
    var tuning = Relearning()
    (tuning.mode, tuning.checkpoints, tuning.training.steps) = (mode, [2, 4], 4)
    (tuning.training.batch, tuning.training.learningRate) = (2, 1e-3)
    return tuning
  }
  static var set: LatentSet {
    LatentSet(
      Tensor.randn([3, 4, 8, 8], Generator(seed: 1)), captions: ["a fox", "a fox", "a fox"])
  }

  /// The model given stays as it is; a LoRA changes attention matrices by at most its rank and nothing else.
  @Test func whatFineTuningChanges() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let before = model.hash()
    var full = try FineTuning(model, on: Self.set, Self.tuning(.full), seed: 1)
    #expect(full.model.hash() == before)
    try full.advance(to: 2)
    #expect(full.model.hash() != before && model.hash() == before)
    var tuning = Self.tuning(.lora)
    tuning.rank = 1
    var lora = try FineTuning(model, on: Self.set, tuning, seed: 1)
    try lora.advance(to: 3)
    #expect(model.hash() == before)
    var changed = 0
    for (path, tensor) in lora.model.parameters.tensors {
      let old = try #require(model.parameters[path])
      guard tensor.distance(to: old) > 0 else { continue }
      changed += 1
      #expect(path.components.contains { $0 == "attn1" || $0 == "attn2" })
      let values = (tensor - old).to(.float64).singularValues().doubles
      #expect(values[1] < 1e-4 * values[0])
    }
    #expect(changed > 0)
  }

  /// Checkpoints are the trained weights, so that an average would change nothing.
  @Test func averagesAreRefused() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var tuning = Self.tuning(.full)
    tuning.training.averaging = 0.9
    #expect { try FineTuning(model, on: Self.set, tuning, seed: 1) } throws: {
      "\($0)".contains("training.averaging: 0.9 has no effect")
    }
  }

  /// In two parts or in one, the steps are the published ones: gradient, clipping, rate, AdamW.
  @Test func stepsAreThoseWrittenOut() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var options = Self.tuning(.full)
    (options.training.clip, options.training.schedule) = (0.05, .linear)
    options.training.warmup = 1
    var tuned = try FineTuning(model, on: Self.set, options, seed: 5)
    var told: [[Int]] = []
    try tuned.advance(to: 1)
    try tuned.advance(to: 4) { told.append([$0, $1]) }
    #expect(told == [[2, 4], [3, 4], [4, 4]])

    let student = try model.clone(owning: ParameterSelection.unet.matches)
    let tensors = ParameterSelection.unet.paths(of: student.parameters).compactMap {
      student.parameters[$0]
    }
    let objective = Denoising(Self.set, model, batch: 2)
    var optimizer = options.training.optimizer.make()
    for tensor in tensors { tensor.requiresGradient = true }
    for index in 0..<4 {
      var step = Step(index: index, seed: 5 + 22)
      let (_, found) = descend(try objective.loss(student, &step), tensors)
      #expect(clipNorm(found, to: 0.05).item > 0.05)
      let factor = options.training.schedule.factor(index, of: 4, warmup: 1)
      optimizer.step(tensors, found, rate: 1e-3 * factor)
    }
    for tensor in tensors { tensor.requiresGradient = false }
    #expect(tuned.model.hash() == student.hash())
  }
}
