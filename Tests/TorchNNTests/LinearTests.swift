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
    func store(_ weight: Tensor) -> ParameterStore {
      ParameterStore(.tensors([ParameterPath("l.weight"): weight]))
    }
    func product(_ weight: Tensor) -> Tensor {
      Linear(store(weight).root["l"], 48, 64, bias: false, ofOneRow: true)(x)
    }
    /// A kernel of one pixel over one pixel is such a product too.
    func convolution(_ weight: Tensor) -> Tensor {
      let scope = store(weight.reshaped(64, 48, 1, 1)).root["l"]
      return Conv2d(scope, 48, 64, kernel: 1, bias: false)(x.reshaped(1, 48, 1, 1))
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
      #expect(product(read).isIdentical(to: product(weight)))
      #expect(convolution(read).isIdentical(to: convolution(weight)))
    }
  }
}
