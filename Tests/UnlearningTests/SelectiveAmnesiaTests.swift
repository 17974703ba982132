import Diffusion
import Editing
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct SelectiveAmnesiaTests {
  /// Selective Amnesia's F of a network that predicts b everywhere: g_t = 2 (d b - sum eps) / d over the d numbers of a
  /// picture, so that F = (2 T b)^2 + 4 T / d.
  @Test(arguments: [(0.02, 1000), (-0.1, 100)]) func fisherInformationOfAKnownModel(
    _ b: Double, _ times: Int
  ) throws {
    Runtime.threads = 1
    let flat = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let (weight, bias) = (
      ParameterPath("unet.conv_out.weight"), ParameterPath("unet.conv_out.bias")
    )
    let offset = Tensor([Float(b)])
    let model = try flat.replacing([
      weight: Tensor.zeros(try #require(flat.parameters[weight]).shape), bias: offset,
    ])
    offset.requiresGradient = true
    var method = SelectiveAmnesia()
    (method.fisherPictures, method.fisherTimes, method.picturesInPass) = (16, times, 160)
    let set = LatentSet(Tensor.zeros([2, 1, 8, 8]), captions: ["bird", "cat"])
    try Fixtures.temporaryFolder { folder in
      let found = try method.fisher(set, model, [offset], seed: 7, Run(folder))[0].item
      let expected = (2 * 1000 * b) * (2 * 1000 * b) + 4 * 1000 / 64
      #expect(abs(found / expected - 1) < 0.2, "\(found) \(expected)")
    }
  }

  /// l(x, c) of a batch of a set, with other captions than the set's where they are given.
  private func loss(
    _ set: LatentSet, _ batch: Int, _ network: DiffusionModel, _ step: Step, caption: String? = nil
  ) -> Tensor {
    let d = set.draw(batch, network, step)
    let c = network.embed(d.picks.map { caption ?? set.captions[$0] })
    return
      (network.predict(d.xt, at: d.t, given: c)
      - network.schedule.target(d.x0, d.eps, at: d.t)).squared().mean()
  }

  /// Eq. 6 by hand with weights that have moved: surrogates of uniform noise in [-1, 1], gamma times replay, lambda
  /// times F (theta - theta*)^2 with F of every timestep, and the gradient of all.
  @Test func theLossIsEquationSix() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let erasure = Erasure(forget: [Concept("bird")], preserve: ["bear", "cat"])
    var method = SelectiveAmnesia.tiny
    (method.instead, method.gamma, method.lambda) = (.noise, 0.6, 3e-4)
    (method.fisherPictures, method.fisherTimes) = (2, 1000)
    (method.training.batch, method.data.emptyShare) = (5, 0)
    func own(_ network: DiffusionModel) -> [Tensor] {
      let tensors = ParameterSelection.unet.paths(of: network.parameters)
        .compactMap { network.parameters[$0] }
      for tensor in tensors { tensor.requiresGradient = true }
      return tensors
    }
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder, seed: 1)
      let (student, before) = (try model.clone(), try model.clone())
      let (tensors, known) = (own(student), own(before))
      var rule = try method.rule(erasure, original: model, student: student, tensors, run)
      withoutGradients {
        for (i, tensor) in tensors.enumerated() {
          tensor.add(0.02 * Tensor.randn(tensor.shape, Generator(seed: UInt64(i))))
        }
      }
      var step = Step(index: 0, seed: 3)
      let found = try rule.gradient(student, over: tensors, &step)

      let replay = try method.data.replaySet(erasure, model, run)
      #expect(replay.count == 3 && Set(replay.captions) == ["bear", "cat"])
      // F_i = E_x ( d/dtheta_i sum_t l_t )^2
      var fisher = known.map { Tensor.zeros($0.shape) }
      for i in 0..<2 {
        let (picture, draw) = (replay.picture(i), Step(index: i, seed: run.seed &+ 12))
        let times = Tensor.permutation(1000, draw.generator)
        var sum = known.map { Tensor.zeros($0.shape) }
        for some in [times[..<500], times[500...]] {
          let d = picture.draw(500, model, draw, at: Array(some))
          let c = before.embed(Array(repeating: picture.captions[0], count: 500))
          let l =
            (before.predict(d.xt, at: d.t, given: c)
            - model.schedule.target(d.x0, d.eps, at: d.t)).squared().mean(1, 2, 3)
          sum = zip(sum, gradients(of: l.sum(), with: known)).map { $0 + $1 }
        }
        fisher = zip(fisher, sum).map { $0 + 0.5 * $1.squared() }
      }
      let noise = Tensor.rand([2, 1, 8, 8], Generator(seed: run.seed &+ 2))
      let surrogates = LatentSet(noise + noise - 1, captions: ["bird", "bird"])
      let again = Step(index: 0, seed: 3)
      let learned = loss(surrogates, 5, student, again)
      let kept = loss(replay, 5, student, again)
      let away = zip(tensors, known).map { $0.detached() - $1.detached() }
      let penalty =
        3e-4
        * zip(fisher, away).map { ($0 * $1.squared()).sum().item }.reduce(0, +)
      let terms = (learned.item, 0.6 * kept.item, penalty)
      let expected = terms.0 + terms.1 + terms.2
      #expect(min(terms.0, terms.1, terms.2) > 0.02 * expected, "\(terms)")
      #expect(abs(found.loss / expected - 1) < 1e-3, "\(found.loss) \(terms)")
      #expect(abs(try #require(step.log["penalty"]) / penalty - 1) < 1e-3)
      let g = gradients(of: learned + 0.6 * kept, with: tensors)
      let wanted = zip(g, zip(fisher, away)).map { $0 + 6e-4 * $1.0 * $1.1 }
      let apart = Foreach.norm(zip(found.gradients, wanted).map { $0 - $1 })
      #expect(apart < 1e-3 * Foreach.norm(wanted))
      let pull = Foreach.norm(zip(wanted, g).map { $0 - $1 })
      #expect(pull > 0.02 * Foreach.norm(wanted) && Foreach.norm(g) > 0.02 * Foreach.norm(wanted))
    }
  }

  /// Replay is shown without its caption as often as `emptyShare` says, and the surrogates always with theirs: the
  /// first loss by hand.
  @Test(arguments: [0.0, 1]) func replayWithoutCaptions(_ share: Double) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var method = SelectiveAmnesia.tiny
    (method.data.emptyShare, method.gamma) = (share, 2)
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder, seed: 1)
      let student = try model.clone(owning: ParameterSelection.unet.matches)
      let tensors = ParameterSelection.unet.paths(of: student.parameters)
        .compactMap { student.parameters[$0] }
      for tensor in tensors { tensor.requiresGradient = true }
      var rule = try method.rule(
        Erasure(forget: [Concept("fox")], preserve: ["a cat"]), original: model, student: student,
        tensors, run)
      var step = Step(index: 0, seed: 3)
      let found = try rule.gradient(student, over: tensors, &step).loss
      func drawn(_ prompt: String, _ count: Int, _ seed: UInt64) throws -> LatentSet {
        try LatentSet(
          drawnBy: model, Array(repeating: prompt, count: count), steps: method.data.steps,
          guidance: method.data.guidance, seed: run.seed &+ seed)
      }
      let (instead, replay) = (try drawn("", 2, 2), try drawn("a cat", 3, 4))
      func expected(_ surrogate: String, _ kept: String) -> Double {
        withoutGradients {
          let (again, batch) = (Step(index: 0, seed: 3), method.training.batch)
          let learned = loss(instead, batch, student, again, caption: surrogate).item
          return learned + 2 * loss(replay, batch, student, again, caption: kept).item
        }
      }
      let right = expected("fox", share == 1 ? "" : "a cat")
      #expect(abs(found / right - 1) < 1e-6, "\(found) \(right)")
      for wrong in [expected("fox", share == 1 ? "a cat" : ""), expected("", "a cat")] {
        #expect(abs(wrong / right - 1) > 1e-5, "\(wrong) \(right)")
      }
    }
  }
}
