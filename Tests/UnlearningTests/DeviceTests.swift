// Whole trainings on libtorch's meta device, where every tensor has a shape and no numbers. An operator that is given a
// tensor of another device beside one of it ends the test: that is the mistake that a machine without a GPU can find.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Unlearning

@Suite struct DeviceTests {
  /// What a method of some steps looks at and sends.
  private static func traffic(_ name: String, steps: Int) throws -> (reads: Int, uploads: Int) {
    let traffic = HostTraffic()
    try HostTraffic.$watched.withValue(traffic) {
      let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"), on: .meta)
      try Fixtures.temporaryFolder { folder in
        let vector = try MethodContractTests.tiny(name, steps: steps)
          .erase(MethodContractTests.erasure, from: model, Run(folder, seed: 1)).vector
        #expect(!vector.tensors.isEmpty)
        for (path, tensor) in vector.tensors where tensor.device != .meta {
          Issue.record("\(path) is on \(tensor.device)")
        }
      }
    }
    return (traffic.reads, traffic.uploads)
  }

  /// Looks at numbers of the device in a step: the loss, whether the weights are finite, the norm of a gradient, the
  /// multipliers of methods that weigh two losses.
  private static let reads = [
    "default": 4, "munba": 8, "erasediff": 8, "meta": 24, "advunlearn": 8,
  ]

  @Test(arguments: MethodContractTests.names) func staysOnTheDevice(_ name: String) throws {
    let few = try Self.traffic(name, steps: 2)
    guard try MethodContractTests.encoded(name)["training"] != nil else { return }
    let more = try Self.traffic(name, steps: 6)
    let reads = Double(more.reads - few.reads) / 4
    let bound = Self.reads[name] ?? Self.reads["default"] ?? 0
    #expect(reads <= Double(bound), "\(reads) reads a step")
    #expect(Double(more.uploads - few.uploads) / 4 <= 200, "uploads")
  }
}
