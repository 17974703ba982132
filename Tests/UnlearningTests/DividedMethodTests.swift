import Diffusion
// Methods whose batches are divided over ranks end with the weights that one process ends with.
import Editing
import Foundation
import Processes
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct DividedMethodTests {
  private static func erase(_ name: String, _ ranks: Ranks, _ folder: URL) throws -> [String:
    [Float]]
  {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let run = try Run(folder, seed: 1)
    run.ranks = ranks
    let erased = try ranks.dividing {
      try MethodContractTests.tiny(name, steps: 3).erase(
        MethodContractTests.erasure, from: model, run)
    }
    return Dictionary(
      uniqueKeysWithValues: erased.vector.tensors.map { ($0.key.name, $0.value.floats) })
  }

  /// Each has another way from a batch to a step: one loss, two that are weighed, an attack inside, a fine-tuning
  /// inside. Adam's first steps have the size of the rate whatever the gradient's, so that a number whose gradient is
  /// all rounding may go either way; the bound is on the mean.
  @Test(arguments: [("esd", 2), ("advunlearn", 2), ("meta", 2), ("esd", 4)]) func endAlike(
    _ name: String, _ count: Int
  ) throws {
    try Fixtures.temporaryFolder { folder in
      let one = try Self.erase(name, .alone, folder.appendingPathComponent("one"))
      let place = folder.appendingPathComponent("several")
      let all = try RanksInThreads.run(count) { try Self.erase(name, $0, place) }
      for found in all {
        #expect(found == all[0] && Set(found.keys) == Set(one.keys))
      }
      var (difference, size) = (0.0, 0.0)
      for (path, numbers) in one {
        for (a, b) in zip(numbers, all[0][path] ?? []) {
          difference += Double(abs(a - b))
          size += Double(abs(a))
        }
      }
      #expect(size > 0 && difference < 0.02 * size, "\(difference) of \(size)")
    }
  }
}
