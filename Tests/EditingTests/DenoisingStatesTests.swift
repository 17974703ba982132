// States of a model's own denoising, and its predictions there.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct DenoisingStatesTests {
  /// SDXL is told nothing at all where a prompt is empty, by guidance and by whatever is compared with it.
  @Test(arguments: ["tiny-sd1", "tiny-sdxl"]) func theEmptyPromptIsOneThing(_ kind: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url(kind))
    let prompts = ["a fox", "a cat"]
    func follow(by denoiser: DiffusionModel?) throws -> DenoisingStates {
      try DenoisingStates.follow(model, prompts, steps: 4, guidance: 3, by: denoiser, seed: 1)
    }
    let states = try follow(by: nil)
    #expect(try follow(by: model.clone()).reference.distance(to: states.reference) < 1e-5)
    let anew = states.predictions(of: model, given: model.embedKept(["", ""]))
    #expect(anew.distance(to: states.reference) < 1e-5)
    let student = StudentPrompts(["", "a fox"], model, live: true)
    withoutGradients {
      let c = student.rows([0], of: model)
      #expect(c.hidden.distance(to: model.embedNothing().hidden) < 1e-6)
      #expect((c.hidden.abs().flattened().max(0).item == 0) == (kind == "tiny-sdxl"))
      let fox = model.embed(["a fox"]).hidden
      #expect(student.rows([1], of: model).hidden.distance(to: fox) < 1e-5)
    }
  }

  /// States are what guidance passes through, and their predictions are the original's own.
  @Test func statesHoldTheOriginalsPredictions() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let states = try DenoisingStates.follow(
      model, ["a fox", "a cat"], steps: 10, guidance: 3, keeping: 4, seed: 1)
    #expect(states.count == 8 && Set(states.prompt) == [0, 1])
    withoutGradients {
      let c = model.embed(["a fox", "a cat"])
      let again = model.predict(
        states.x, at: states.t, given: c.rows(states.prompt))
      #expect(again.distance(to: states.conditional) < 1e-5)
      let empty = model.embed([""]).repeated(8)
      #expect(
        model.predict(states.x, at: states.t, given: empty).distance(to: states.reference)
          < 1e-5)
    }
  }

  /// All shifts of a trajectory's timesteps together are the timesteps of the training, each once, whatever their
  /// spacing.
  @Test(arguments: ["leading", "trailing"], [0, 1]) func shiftsMeetEveryTimestep(
    _ spacing: String, _ offset: Int
  ) throws {
    let schedule = try NoiseSchedule([
      "timestep_spacing": .string(spacing), "steps_offset": .int(offset),
    ])
    let found = try DDIM.shifts(schedule, steps: 50).flatMap { shift in
      try DDIM(schedule, steps: 50, shift: shift).timesteps.map { Int($0) }
    }
    #expect(found.sorted() == Array(0..<1000))
  }

  /// Trajectories that spread have timesteps of their own; a state's noise is that of its timestep.
  @Test func spreadTrajectoriesShareNoTimestep() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let prompts = (0..<6).map { "fox \($0)" }
    let states = try DenoisingStates.follow(
      model, prompts, steps: 10, guidance: 3, spreads: true, seed: 1)
    #expect(states.count == 60 && Set(states.t.doubles).count == 60)
    let same = try DenoisingStates.follow(model, prompts, steps: 10, guidance: 3, seed: 1)
    #expect(Set(same.t.doubles).count == 10)
  }

  /// Trajectories that spread go through the network together, each on its own way: the same draws, and the states that
  /// each has alone.
  @Test func spreadTrajectoriesShareABatch() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let prompts = (0..<6).map { "fox \($0)" }
    var passes = 0
    func follow(_ batch: Int?) throws -> DenoisingStates {
      passes = 0
      return try DenoisingStates.follow(
        model, prompts, steps: 10, guidance: 3, keeping: 4, spreads: true, batch: batch, seed: 1
      ) { _, _ in passes += 1 }
    }
    let alone = try follow(1)
    let passesAlone = passes
    for batch in [nil, 4] {
      let together = try follow(batch)
      #expect(passes < passesAlone / 2)
      #expect(together.prompt == alone.prompt && together.t.isIdentical(to: alone.t))
      for (one, other) in [
        (together.x, alone.x), (together.reference, alone.reference),
        (together.conditional, alone.conditional),
      ] { #expect(one.distance(to: other) < 1e-4) }
    }
  }

  /// x_t of noised pictures: one timestep in each part, both predictions for their prompts.
  @Test func noisedPicturesAreTheForwardProcess() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let x0 = Tensor.randn([2, 4, 8, 8], Generator(seed: 1))
    let set = LatentSet(x0, captions: ["a fox", "a cat"])
    let (c, a) = withoutGradients { (model.embed(set.captions), model.embed(["", "an owl"])) }
    let states = DenoisingStates.noising(set, model, each: 8, given: c, without: a, seed: 5)
    #expect(states.prompt == Array(repeating: 0, count: 8) + Array(repeating: 1, count: 8))
    for (i, t) in states.t.doubles.enumerated() { #expect(Int(t) / 125 == i % 8) }
    withoutGradients {
      for (captions, predictions) in [
        (set.captions, states.conditional), (["", "an owl"], states.reference),
      ] {
        let own = model.predict(
          states.x, at: states.t, given: model.embed(states.prompt.map { captions[$0] }))
        #expect(own.distance(to: predictions) < 1e-5)
      }
      for i in [0, 7, 15] {
        let alpha = Double(model.schedule.alphaBar[Int(states.t.doubles[i])])
        let signal = alpha.squareRoot() * x0[0, at: states.prompt[i]]
        let noise = (states.x[0, at: i] - signal) / (1 - alpha).squareRoot()
        let variance = noise.squared().mean().item
        #expect(variance > 0.7 && variance < 1.4, "\(i): \(variance)")
      }
      let d = set.picture(1).draw(2, model, Step(index: 0, seed: 1), at: [3, 999])
      #expect(d.t.ints == [3, 999])
      #expect(d.xt.isIdentical(to: model.schedule.noised(d.x0, d.eps, at: d.t)))
    }
  }

  /// The states are those of the published loop: DDIM with e = e0 + s (ec - e0), also where s is below 1, and
  /// the random numbers are drawn in that order.
  @Test(arguments: [0.5, 3]) func statesAreThoseWrittenOut(_ guidance: Double) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let prompts = (0..<9).map { "fox \($0)" }
    let states = try DenoisingStates.follow(
      model, prompts, steps: 6, guidance: guidance, keeping: 2, seed: 4)
    var at = 0
    try withoutGradients {
      let generator = Generator(seed: 4)
      for members in [Array(0..<8), [8]] {
        let sampler = try DDIM(model.schedule, steps: 6)
        let seeds = members.map { _ in generator.split() }
        var x = Tensor.concatenate(seeds.map { Tensor.randn([1, 4, 8, 8], $0) })
        let n = members.count
        let c = Conditioning.concatenate([
          model.embed([""]).repeated(n), model.embed(members.map { prompts[$0] }),
        ])
        let choice = Set(Tensor.permutation(6, generator).prefix(2))
        let cache = KeyValueCache()
        for (i, timestep) in sampler.timesteps.enumerated() {
          let t = Tensor.full([2 * n], timestep)
          let e = model.predict(Tensor.concatenate([x, x]), at: t, given: c, cache: cache).chunks(2)
          if choice.contains(i) {
            #expect(states.x.narrowed(0, at, n).isIdentical(to: x))
            #expect(states.t.narrowed(0, at, n).doubles == Array(repeating: timestep, count: n))
            #expect(states.reference.narrowed(0, at, n).isIdentical(to: e[0]))
            #expect(states.conditional.narrowed(0, at, n).isIdentical(to: e[1]))
            #expect(Array(states.prompt[at..<(at + n)]) == members)
            at += n
          }
          x = sampler.step(e[0] + guidance * (e[1] - e[0]), i, x) { x }
        }
      }
    }
    #expect(states.count == at)
  }

  /// The number of pictures that go through the network at once changes no draw and no order.
  @Test func batchesChangeNoDraw() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let prompts = (0..<10).map { "fox \($0)" }
    func follow(_ batch: Int?) throws -> DenoisingStates {
      try DenoisingStates.follow(
        model, prompts, steps: 3, guidance: 3, keeping: 2, batch: batch, seed: 4)
    }
    let whole = try follow(nil)
    for batch in [1, 3, 10] {
      let other = try follow(batch)
      #expect(other.prompt == whole.prompt && other.t.isIdentical(to: whole.t))
      #expect(other.x.distance(to: whole.x) < 1e-4)
      #expect(other.conditional.distance(to: whole.conditional) < 1e-4)
    }
  }

  /// Another model may denoise: its states, and the predictions of the model that is asked for.
  @Test func anotherModelDenoises() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let path = ParameterPath("unet.conv_out.weight")
    let other = try model.replacing([path: 2 * (try #require(model.parameters[path]))])
    let prompts = ["a fox", "a cat"]
    func follow(_ a: DiffusionModel, by b: DiffusionModel?) throws -> DenoisingStates {
      try DenoisingStates.follow(a, prompts, steps: 3, guidance: 3, by: b, seed: 4)
    }
    let (own, walked, mixed) = (
      try follow(model, by: nil), try follow(other, by: nil), try follow(model, by: other)
    )
    #expect(mixed.x.isIdentical(to: walked.x) && mixed.x.distance(to: own.x) > 1e-3)
    withoutGradients {
      let c = model.embed(prompts)
      #expect(mixed.predictions(of: model, given: c).distance(to: mixed.conditional) == 0)
      let empty = model.embed([""]).repeated(2)
      #expect(mixed.predictions(of: model, given: empty).distance(to: mixed.reference) == 0)
    }
  }

  /// Predictions that the trajectory made are taken from it, and only others are made anew.
  @Test func knownPredictionsAreNotMadeAgain() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let prompts = ["a fox", "a cat", "a bus"]
    let states = try DenoisingStates.follow(model, prompts, steps: 4, guidance: 3, seed: 1)
    // Nothing is lost yet where a user stops the work between two passes.
    #expect(throws: LetheError.interrupted) {
      try states.predictions(of: model, for: ["a", "b", "c"], inPlaceOf: prompts) {
        throw LetheError.interrupted
      }
    }
    var told: [Int] = []
    _ = try DenoisingStates.follow(model, prompts, steps: 4, guidance: 3, seed: 1) { done, _ in
      told.append(done)
    }
    #expect(told == [0, 0, 1, 2, 3], "a part of a trajectory is a part of the work")
    func asked(_ texts: [String]) -> Int {
      let before = model.evaluations
      let found = states.predictions(of: model, for: texts, inPlaceOf: prompts)
      let cost = model.evaluations - before
      let anew = states.predictions(of: model, given: withoutGradients { model.embed(texts) })
      #expect(found.distance(to: anew) < 1e-5)
      return cost
    }
    #expect(asked(["", "", ""]) == 0)
    #expect(asked(["a fox", "", "a bus"]) == 0)
    #expect(asked(["", "a dog", "a bus"]) == 4)
    #expect(asked(["a dog", "a dog", "a dog"]) == 12)
  }
}
