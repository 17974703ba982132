// The loss that diffusion models are trained with.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Training

@Suite struct DenoisingTests {
  static var set: LatentSet {
    LatentSet(
      Tensor.randn([3, 4, 8, 8], Generator(seed: 1)), captions: ["a fox", "a cat", "an owl"])
  }

  /// The loss is the mean of | output - target |^2 over the set's draw, each picture under its caption, or all
  /// under the empty one.
  @Test(arguments: [0.0, 1]) func theLossIsThatWrittenOut(_ emptyShare: Double) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let objective = Denoising(Self.set, model, batch: 4, emptyShare: emptyShare)
    var step = Step(index: 2, seed: 1)
    let loss = try withoutGradients { try objective.loss(model, &step) }
    let d = Self.set.draw(4, model, Step(index: 2, seed: 1))
    let captions = d.picks.map { emptyShare == 0 ? Self.set.captions[$0] : "" }
    let expected = withoutGradients {
      model.predict(d.xt, at: d.t, given: model.embed(captions))
        .meanSquaredError(model.schedule.target(d.x0, d.eps, at: d.t))
    }
    #expect(abs(loss.item / expected.item - 1) < 1e-5)
  }

  private struct Asked: DividedObjective {
    let weight: Tensor
    let asked: (Int) -> Void

    func parts(_ model: DiffusionModel, _ step: inout Step, of count: Int) -> [PartialLoss] {
      asked(count)
      return [PartialLoss(weight: 1) { _ in weight.squared().sum() }]
    }
  }

  /// A batch of a small model goes through the network whole, one of a large model as memory has it.
  @Test func largeModelsAreTrainedByMemory() throws {
    let small = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var layout = small.layout
    layout.configs[.unet]?["sample_size"] = 32
    let large = try DiffusionModel(layout, small.parameters.source { _ in false })
    let weight = Tensor.full([2], 1)
    weight.requiresGradient = true
    var counts: [Int] = []
    let objective = Asked(weight: weight) { counts.append($0) }
    var step = Step(index: 0, seed: 1)
    for (model, count) in [(small, 0), (large, 0), (large, 3)] {
      #expect(try descend(objective, model, [weight], &step, by: count).loss == 2)
    }
    let fitting = try #require(large.trainedAtOnce)
    #expect(large.isLarge && counts == [.max, fitting, 3])
  }

  /// Timesteps that are given are the only ones, each as often as the others.
  @Test func timestepsCanBeFixed() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let given = [1, 2, 5, 10]
    let objective = Denoising(Self.set, model, batch: 64, timesteps: given)
    var step = Step(index: 2, seed: 1)
    let loss = try withoutGradients { try objective.loss(model, &step) }
    let again = Step(index: 2, seed: 1)
    let times = Tensor.randint(below: 4, [64], again.generator).ints.map { given[$0] }
    for t in given { #expect((6...26).contains(times.filter { $0 == t }.count)) }
    let d = Self.set.draw(64, model, again, at: times)
    #expect(d.t.ints == times)
    let expected = withoutGradients {
      model.predict(d.xt, at: d.t, given: model.embed(d.picks.map { Self.set.captions[$0] }))
        .meanSquaredError(model.schedule.target(d.x0, d.eps, at: d.t))
    }
    #expect(abs(loss.item / expected.item - 1) < 1e-5)
  }

  /// A batch in passes of two, two and one has the loss and the gradient of the batch.
  @Test func passesSumToTheBatch() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let w = try #require(model.parameters[ParameterPath("unet.conv_out.weight")])
    w.requiresGradient = true
    defer { w.requiresGradient = false }
    let objective = Denoising(Self.set, model, batch: 5)
    func found(_ count: Int) throws -> (loss: Double, gradients: [Tensor]) {
      var step = Step(index: 0, seed: 1)
      return try descend(objective, model, [w], &step, by: count)
    }
    let (whole, parts) = (try found(0), try found(2))
    #expect(abs(parts.loss / whole.loss - 1) < 1e-5)
    let scale = whole.gradients[0].abs().flattened().max(0).item
    #expect(scale > 0 && parts.gradients[0].distance(to: whole.gradients[0]) < 1e-4 * scale)
  }

  @Test func aBatchHasPictures() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let latents = Tensor.randn([1, 4, 8, 8], Generator(seed: 1))
    let nothing = Denoising(LatentSet(latents, captions: ["a fox"]), model, batch: 0)
    var step = Step(index: 0, seed: 1)
    #expect(throws: LetheError.self) { try nothing.loss(model, &step) }
  }
}
