import Testing
import Torch
import TorchNN

@testable import Editing

@Suite struct ParameterVectorTests {
  @Test func vectorsAddAndMultiply() {
    let (p, q) = (ParameterPath("p"), ParameterPath("q"))
    let a = ParameterVector([p: Tensor([1, 2] as [Float])])
    let b = ParameterVector([p: Tensor([3, 4] as [Float]), q: Tensor([5] as [Float])])
    #expect((a + b).tensors[p]?.floats == [4, 6] && (a + b).tensors[q]?.floats == [5])
    #expect((a - b).tensors[q]?.floats == [-5])
    #expect(a.dot(b) == 11 && b.norm * b.norm > 49.99 && (2 * a).dot(a) == 10)
  }

  /// A dictionary has another order in every process, and so had the last digits of a sum over it.
  @Test func sumsHaveOneOrder() {
    let values = [1e16, 1, -1e16, 3, 1e16, 5, -1e16, 7]
    let vector = ParameterVector(
      Dictionary(
        uniqueKeysWithValues: values.enumerated().map {
          (ParameterPath("p\($0)"), Tensor([$1], [1]))
        }))
    let ones = vector.map { Tensor.ones(like: $1) }
    #expect(vector.dot(ones) == values.reduce(0, +))
  }
}
