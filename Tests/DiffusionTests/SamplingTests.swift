// The way from noise to a picture.
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Diffusion

@Suite struct SamplingTests {
  static func path(_ model: DiffusionModel, guidance: Double?, steps: Int = 5) throws
    -> DenoisingPath
  {
    DenoisingPath(
      model, try DDIM(model.schedule, steps: steps), given: model.embed(["a fox", "a cat"]),
      empty: guidance == nil ? nil : model.embed([""]), guidance: guidance ?? 1, height: 8,
      width: 8, generators: [Generator(seed: 1), Generator(seed: 2)])
  }

  /// A step reads no numbers, for which a GPU would have to be waited for. Only the picture at the end does.
  @Test func stepsReadNothing() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let c = withoutGradients { model.embed(["a fox"]) }
    var options = SamplingOptions()
    options.steps = 4
    var reads: [Int] = []
    _ = try model.latents(given: c, seeds: [1], options) { _, _ in reads.append(HostCopies.reads) }
    #expect(reads.count == 4 && Set(reads).count == 1)
    for thresholds in [false, true] {
      var config = model.schedule.config
      config["thresholding"] = .bool(thresholds)
      let schedule = try NoiseSchedule(config)
      let samplers = Samplers.all.filter { type in
        options.sampler = type.name
        guard var sampler = try? Samplers.make(options, schedule) else { return false }
        var x = Tensor.randn([1, 4, 8, 8], Generator(seed: 1)) * sampler.initialScale
        let before = HostCopies.reads
        for i in sampler.timesteps.indices {
          x = sampler.step(0.1 * sampler.input(x, i), i, x) {
            Tensor.randn([1, 4, 8, 8], Generator(seed: 2))
          }
        }
        #expect(HostCopies.reads == before, "\(type.name)")
        return true
      }
      #expect(samplers.count >= 14)
    }
  }

  /// The network is asked once for each state that the caller takes, and no further.
  @Test func callersStopWhereTheyLike() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try withoutGradients {
      let whole = Array(try Self.path(model, guidance: 3))
      #expect(whole.count == 5)
      let before = model.evaluations
      let some = Array(try Self.path(model, guidance: 3).prefix(2))
      #expect(model.evaluations - before == 2 * 4)
      #expect(some.map(\.timesteps) == whole.prefix(2).map(\.timesteps))
      #expect(some[1].x.isIdentical(to: whole[1].x))
      var path = try Self.path(model, guidance: 3)
      while path.next() != nil {}
      #expect(path.isFinished && path.index == 5)
    }
  }

  /// Without the empty prompt's row there is no second prediction, and guidance 1 with it gives the same picture.
  @Test func guidanceNeedsTheEmptyPrompt() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try withoutGradients {
      var (alone, both) = (try Self.path(model, guidance: nil), try Self.path(model, guidance: 1))
      let (first, second) = (alone.next(), both.next())
      let (a, b) = (try #require(first), try #require(second))
      #expect(a.unconditional == nil)
      let empty = try #require(b.unconditional)
      #expect(empty.distance(to: b.conditional) > 1e-4)
      #expect(a.conditional.distance(to: b.conditional) < 1e-5)
      while alone.next() != nil, both.next() != nil {}
      #expect(alone.x.distance(to: both.x) < 1e-4)
    }
  }

  /// Each picture of a batch is looked at by itself.
  @Test func picturesAreFinite() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var options = SamplingOptions()
    (options.steps, options.guidance) = (2, 1)
    var c = withoutGradients { model.embed(["a fox", "a cat"]) }
    c.hidden = Tensor.concatenate(
      [c.hidden.narrowed(0, 0, 1), Tensor.full([1] + c.hidden.shape.dropFirst(), .nan)])
    let images = try model.finiteImages(given: c, seeds: [1, 2], options)
    #expect(images.map { $0 == nil } == [false, true])
    let error = #expect(throws: LetheError.self) {
      try model.images(given: c, seeds: [1, 2], options)
    }
    #expect(error?.kind == .model && error?.sentence.contains("seed 2") == true)
  }
}
