import Foundation
import TestSupport
import Testing
import Torch

@testable import TorchNN

@Suite struct LinearTests {
  /// One row and a matrix give the same numbers wherever a file holds the matrix.
  @Test(arguments: [0, 4, 8, 12])
  func placesInAFile(_ shift: Int) throws {
    let g = Generator(seed: 1)
    let (weight, x) = (Tensor.randn([64, 48], g), Tensor.randn([1, 48], g))
    func product(_ weight: Tensor) throws -> Tensor {
      let store = ParameterStore(.tensors([ParameterPath("l.weight"): weight]))
      return Linear(store.root["l"], 48, 64, bias: false, ofOneRow: true)(x)
    }
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("w.safetensors")
      try SafeTensors.write(["w": weight], to: file)
      // A longer header, of blanks, moves all that follows it.
      var bytes = try Data(contentsOf: file)
      let length = Int(bytes[0]) + 256 * Int(bytes[1])
      bytes.insert(contentsOf: [UInt8](repeating: 32, count: shift), at: 8 + length)
      bytes[0] = UInt8((length + shift) % 256)
      bytes[1] = UInt8((length + shift) / 256)
      try bytes.write(to: file)
      let read = try #require(try SafeTensors(contentsOf: file).tensors["w"])
      #expect(try product(read).isIdentical(to: product(weight)))
    }
  }
}
