// A training that ranks share: the same result for 1, 2 and 4 of them, also where it goes on with another number, and
// where each keeps the optimizer's state of some weights alone.
import Foundation
import Processes
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Training

@Suite struct DividedTrainingTests {
  private static func options(_ shards: Bool) -> Training {
    var t = Training(steps: 12, batch: 6, rate: 0.02, clip: 1, averaging: 0.5)
    (t.saveEvery, t.logEvery, t.shardsOptimizer) = (3, 1, shards)
    t.optimizer = OptimizerOptions(.adamw, weightDecay: 0.01)
    return t
  }

  /// Trains two layers on batches that each step draws.
  /// - Parameter stop: the step after which the training is cut off; its last state is that of step 6 then
  private static func fit(
    _ ranks: Ranks, _ folder: URL, shards: Bool = false, stop: Int = 12
  ) throws -> [Float] {
    struct Killed: Error {}
    let run = try Run(folder, seed: 5)
    run.ranks = ranks
    let weights = [
      Tensor.randn([3, 5], Generator(seed: 1)), Tensor.randn([5, 2], Generator(seed: 2)),
    ]
    for weight in weights { weight.requiresGradient = true }
    do {
      try ranks.dividing {
        try TrainingLoop("divided", options(shards), run).fit(weights) { step in
          if step.index == stop { throw Killed() }
          let x = Tensor.randn([6, 2], step.generator)
          let y = Tensor.randn([6, 2], step.generator)
          func network(_ rows: Range<Int>) -> Tensor {
            let some = x.narrowed(0, rows.lowerBound, rows.count)
            return Tensor.concatenate([some, some.narrowed(1, 0, 1)], 1).matmul(weights[0]).tanh()
              .matmul(weights[1])
          }
          let found = Ranks.dividing?.divided(x, network) ?? network(0..<6)
          return descend(found.meanSquaredError(y), weights)
        }
      }
    } catch is Killed {}
    return weights.flatMap { $0.detached().floats }
  }

  private static func distance(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
  }

  /// Adam divides by the size of a gradient, so that rounding of 1e-7 in a gradient is one of 1e-6 in a step.
  private static let bound: Float = 2e-5

  @Test(arguments: [(2, false), (4, false), (2, true), (4, true)]) func allNumbersOfRanksEndAlike(
    _ count: Int, _ shards: Bool
  ) throws {
    try Fixtures.temporaryFolder { folder in
      let one = try Self.fit(.alone, folder.appendingPathComponent("one"))
      let place = folder.appendingPathComponent("several")
      let all = try RanksInThreads.run(count) { try Self.fit($0, place, shards: shards) }
      #expect(all.allSatisfy { $0 == all[0] })
      #expect(Self.distance(all[0], one) < Self.bound)
      // One log and one state, those of one process.
      let names = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
      #expect(names == ["divided.state.safetensors", "events.jsonl"])
      #expect(try Run(place).events().count == 12)
      let states = try ["one", "several"].map {
        try SafeTensors(contentsOf: folder.appendingPathComponent("\($0)/\(names[0])"))
      }
      #expect(states[0].tensors.mapValues(\.shape) == states[1].tensors.mapValues(\.shape))
      for (name, tensor) in states[0].tensors {
        let other = try #require(states[1].tensors[name])
        #expect(tensor.distance(to: other) < Double(Self.bound), "\(name)")
      }
    }
  }

  @Test(arguments: [(2, 1, true), (1, 4, true), (4, 2, false)])
  func anotherNumberOfRanksGoesOn(_ before: Int, _ after: Int, _ shards: Bool) throws {
    try Fixtures.temporaryFolder { folder in
      let one = try Self.fit(.alone, folder.appendingPathComponent("one"))
      let place = folder.appendingPathComponent("cut")
      _ = try RanksInThreads.run(before) { try Self.fit($0, place, shards: shards, stop: 8) }
      let state = try SafeTensors(
        contentsOf: place.appendingPathComponent("divided.state.safetensors"))
      #expect(state.metadata["step"] == "6")
      let all = try RanksInThreads.run(after) { try Self.fit($0, place, shards: shards) }
      #expect(Self.distance(all[0], one) < Self.bound)
    }
  }
}
