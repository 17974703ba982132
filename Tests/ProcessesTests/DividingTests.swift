// c10d's group behind the C boundary, and gradients of batches that ranks share. The suite runs for each supported
// version of torch: a build against a version whose classes differ from the declared ones fails here.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Processes

@Suite struct DividingTests {
  @Test func theGroupAddsAndExchanges() throws {
    let found = try RanksInThreads.run(3) { ranks -> [Float] in
      let group = try #require(ranks.meeting).group()
      let own = Tensor([Float(ranks.rank + 1), 10])
      let sum = own.cloned()
      try group.sum(sum)
      let sent = own.cloned()
      try group.broadcast(sent, from: 1)
      try group.barrier()
      let (a, b) = (Tensor([Float(ranks.rank)]), Tensor([Float(7 * ranks.rank)]))
      ranks.broadcast([a, b], from: 2)
      return sum.floats + sent.floats + (try group.gather(own)).floats + a.floats + b.floats
    }
    let all: [Float] = [6, 30, 2, 10, 1, 10, 2, 10, 3, 10, 2, 14]
    #expect(found == [all, all, all])
  }

  /// Loss and gradients of a network of two weights on a batch, as one process or as several compute them.
  private static func descended(_ batch: Int, _ ranks: Ranks) -> [Float] {
    let x = Tensor.randn([batch, 3], Generator(seed: 1))
    let target = Tensor.randn([batch, 3], Generator(seed: 2))
    let weights = (3..<6).map { Tensor.randn([3, 3], Generator(seed: UInt64($0))) }
    for weight in weights { weight.requiresGradient = true }
    return ranks.dividing {
      func network(_ rows: Range<Int>) -> Tensor {
        x.narrowed(0, rows.lowerBound, rows.count).matmul(weights[0]).tanh().matmul(weights[1])
      }
      let y = Ranks.dividing?.divided(x, network) ?? network(0..<batch)
      // Terms with all rows, with few, with none, and a weight that nothing reaches.
      let loss =
        y.meanSquaredError(target) + y.narrowed(0, 0, 1).squared().sum()
        + 0.5 * weights[0].squared().sum()
      return [Float(loss.item)] + meanGradients(of: loss, with: weights).flatMap(\.floats)
    }
  }

  /// The bound: sums in another order differ by some rounding of float32.
  @Test(arguments: [(1, 2), (2, 2), (5, 2), (2, 4), (8, 4)]) func gradientsAreThoseOfOneProcess(
    _ batch: Int, _ count: Int
  ) throws {
    let one = Self.descended(batch, .alone)
    let all = try RanksInThreads.run(count) { Self.descended(batch, $0) }
    for found in all {
      #expect(found.count == one.count)
      #expect(zip(found, one).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) })
      #expect(found == all[0])
    }
  }

  /// Buckets are summed while the rest is computed, and give the same whatever their size.
  @Test func bucketsDoNotMatter() throws {
    let found = try RanksInThreads.run(2) { ranks -> [[Float]] in
      let group = try #require(ranks.meeting).group()
      return try [1, 40, 1 << 20].map { bytes -> [Float] in
        let weights = (0..<5).map { Tensor.randn([3, 3], Generator(seed: UInt64($0))) }
        for weight in weights { weight.requiresGradient = true }
        let x = Tensor.randn([2, 3], Generator(seed: UInt64(50 + ranks.rank)))
        let y = weights.dropLast().reduce(x) { $0.matmul($1).tanh() }.squared().sum()
        return try group.overlappedGradients(of: y, with: weights, bucketBytes: bytes)
          .gradients.flatMap(\.floats)
      }
    }
    #expect(found[0] == found[1])
    #expect(found[0][0] == found[0][1] && found[0][1] == found[0][2])
    #expect(found[0][0].suffix(9).allSatisfy { $0 == 0 } && found[0][0][0] != 0)
  }

  /// The sums of buckets begin while the backward pass goes on: of five buckets all but the last one, of one bucket
  /// none.
  @Test(arguments: [(1, 4), (72, 2), (1 << 20, 0)]) func bucketsOverlapTheBackwardPass(
    _ bytes: Int, _ expected: Int
  ) throws {
    let found = try RanksInThreads.run(2) { ranks -> Int in
      let group = try #require(ranks.meeting).group()
      let weights = (0..<5).map { Tensor.randn([3, 3], Generator(seed: UInt64($0))) }
      for weight in weights { weight.requiresGradient = true }
      let x = Tensor.randn([2, 3], Generator(seed: UInt64(50 + ranks.rank)))
      let y = weights.reduce(x) { $0.matmul($1).tanh() }.squared().sum()
      return try group.overlappedGradients(of: y, with: weights, bucketBytes: bytes).overlapping
    }
    #expect(found == [expected, expected])
  }

  /// A U-Net's predictions, with its parts computed again in the backward pass.
  @Test func aModelIsDivided() throws {
    @Sendable func gradient(_ ranks: Ranks) throws -> [Float] {
      let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
      model.unet.recomputes = true
      let path = try #require(
        model.parameters.paths.first { $0.name.hasSuffix("attn2.to_k.weight") })
      let weight = try #require(model.parameters[path])
      weight.requiresGradient = true
      return ranks.dividing {
        let x = Tensor.randn([3, 4, model.latentSize, model.latentSize], Generator(seed: 1))
        let c = withoutGradients { model.embed(["a fox", "a cat", ""]) }
        let y = model.predict(x, at: Tensor([Float(10), 500, 900]), given: c)
        return [Float(y.sum().item)]
          + meanGradients(of: y.squared().mean(), with: [weight])[0].floats
      }
    }
    let one = try gradient(.alone)
    let two = try RanksInThreads.run(2) { try gradient($0) }
    let size = one.dropFirst().map { abs($0) }.max() ?? 0
    #expect(size > 0)
    for found in two {
      #expect(zip(found, one).dropFirst().allSatisfy { abs($0 - $1) < 1e-4 * size })
      #expect(abs(found[0] - one[0]) < 1e-3 * max(1, abs(one[0])))
    }
  }
}
