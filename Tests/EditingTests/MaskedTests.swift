import Diffusion
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct MaskedTests {
  @Test func masksHoldExactlyTheirShare() throws {
    let g = Generator(seed: 3)
    let gradients = [Tensor.randn([7, 5], g), Tensor.randn([66], g)]  // 101 coordinates
    for share in [0.1, 0.5, 0.9] {
      let masks = Masked.largest(share, of: gradients)
      let ones = masks.map { Int($0.sum().item) }.reduce(0, +)
      #expect(ones == Int(share * 101))
    }
    let (few, many) = (Masked.largest(0.2, of: gradients), Masked.largest(0.6, of: gradients))
    // The largest magnitudes, whatever the sign and wherever they are; all that equal the smallest of them.
    let chosen = Masked.largest(
      0.5, of: [Tensor([3, -5, 1] as [Float]), Tensor([0.5, -4, 2, 0] as [Float], [2, 2])])
    #expect(chosen[0].floats == [1, 1, 0] && chosen[1].floats == [0, 1, 0, 0])
    let tied = Masked.largest(0.4, of: [Tensor([-2, 1, 2, 2, 0] as [Float])])
    #expect(tied[0].floats == [1, 0, 1, 1, 0])
    #expect(Masked.largest(0, of: gradients).allSatisfy { $0.abs().sum().item == 0 })
    #expect(Masked.largest(1, of: gradients).map { Int($0.sum().item) } == [35, 66])
    let sorted = Tensor.concatenate(gradients.map { $0.abs().flattened() }).sorted(descending: true)
    let threshold = sorted.floats[49]
    for (gradient, mask) in zip(gradients, Masked.largest(0.5, of: gradients)) {
      #expect(
        mask.flattened().floats == gradient.abs().flattened().floats.map { $0 >= threshold ? 1 : 0 }
      )
    }
    // A stricter mask is inside a looser one.
    #expect(zip(few, many).allSatisfy { ($0 * $1).distance(to: $0) == 0 })

    // Adam leaves masked coordinates as they are, bit for bit.
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let p = Tensor.randn([10], g)
    let before = p.cloned()
    p.requiresGradient = true
    let mask = Tensor([1, 0, 1, 0, 1, 0, 1, 0, 1, 0] as [Float])
    var rule: any GradientRule = Masked(
      Descent(LinearLoss(p: p, direction: Tensor.randn([10], g))), [mask])
    var options = Training()
    (options.steps, options.learningRate) = (20, 0.1)
    _ = try Fixtures.temporaryFolder { folder in
      try TrainingLoop("masked", options, Run(folder)).fit([p]) { step in
        try rule.gradient(model, over: [p], &step)
      }
    }
    for i in 0..<10 {
      let moved = p.detached().floats[i] != before.floats[i]
      #expect(moved == (i % 2 == 0))
    }
  }

  /// Weight decay of every kind moves no masked coordinate, and moves the others.
  @Test(arguments: OptimizerOptions.Kind.allCases) func masksHoldAgainstDecay(
    _ kind: OptimizerOptions.Kind
  ) throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let g = Generator(seed: 3)
    let (start, direction) = (Tensor.randn([10], g), Tensor.randn([10], g))
    let mask = Tensor([1, 0, 1, 0, 1, 0, 1, 0, 1, 0] as [Float])
    func trained(_ decay: Double) throws -> [Float] {
      let p = start.cloned()
      p.requiresGradient = true
      var rule: any GradientRule = Masked(
        Descent(LinearLoss(p: p, direction: direction)), [mask], fixed: [start])
      var options = Training(optimizer: .init(kind, weightDecay: decay))
      (options.steps, options.learningRate) = (5, 0.1)
      var loop = TrainingLoop("masked", options, seed: 1)
      loop.settles = { [rule] in rule.settle($0) }
      try loop.fit([p]) { step in try rule.gradient(model, over: [p], &step) }
      return p.detached().floats
    }
    let (plain, decayed) = (try trained(0), try trained(0.3))
    for i in 0..<10 {
      let isMasked = i % 2 == 1
      #expect((decayed[i] == start.floats[i]) == isMasked && (decayed[i] == plain[i]) == isMasked)
    }
  }
}
