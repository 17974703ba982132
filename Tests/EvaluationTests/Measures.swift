import TestSupport
import Testing
import Torch

/// Numbers of pytorch-fid, clean-fid, lpips and scipy.
enum Measures {
  static func golden(_ name: String) throws -> Tensor {
    try #require(try Fixtures.tensors("measures.safetensors")[name])
  }
}
