// Copies that rest in memory or in a file.
import Foundation
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct OffloadedTensorsTests {
  @Test(arguments: [false, true]) func whatIsPutComesBack(_ inFile: Bool) throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("offloaded.safetensors")
      var offloaded = OffloadedTensors(inFile ? file : nil)
      let tensors = [Tensor([1, 2, 3] as [Float]), Tensor.randn([2, 5], Generator(seed: 1))]
      let before = tensors.map { $0.cloned() }
      try offloaded.put(tensors)
      for tensor in tensors { tensor.copy(from: Tensor.zeros(like: tensor)) }
      try offloaded.copy(to: tensors)
      #expect(zip(tensors, before).allSatisfy { $0.isIdentical(to: $1) })
      // The last copy counts.
      try offloaded.put(["moment": before[0]])
      #expect(try offloaded.take()["moment"]?.isIdentical(to: before[0]) == true)
      #expect(FileManager.default.fileExists(atPath: file.path) == inFile)
      offloaded.clear()
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
  }

  @Test func anotherProcessChangesNothingUnseen() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("x.safetensors")
      var (own, other) = (OffloadedTensors(file), OffloadedTensors(file))
      try own.put(["m.0": Tensor.ones([4])])
      try other.put(["m.0": Tensor.ones([2])])
      #expect(throws: LetheError.self) { try own.take() }
    }
  }
}
