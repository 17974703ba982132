import Testing
import Torch

@testable import TorchNN

@Suite struct ParameterStoreTests {
  @Test func everyMismatchIsListedOnce() throws {
    let store = ParameterStore(
      .tensors([
        ParameterPath("a.weights"): Tensor.zeros([3, 2]),
        ParameterPath("b.weight"): Tensor.zeros([2, 2]),
      ]))
    _ = Linear(store.root["a"], 2, 3, bias: false)
    _ = Linear(store.root["b"], 2, 3, bias: false)
    let error = try #require(throws: LetheError.self) { try store.check() }
    #expect(error.description.contains("missing 'a.weight', the file has 'a.weights'"))
    #expect(error.description.contains("unexpected 'a.weights'"))
    #expect(
      error.description.contains("'b.weight' has shape [2, 2], the configuration asks for [3, 2]"))
  }

  @Test func sourcesShareOrCopy() {
    let store = ParameterStore(.initial(Generator(seed: 1)))
    let layer = Linear(store.root["x"], 2, 2)
    let copy = ParameterStore(store.source { $0.name == "x.weight" })
    let other = Linear(copy.root["x"], 2, 2)
    #expect(
      !other.weight.sharesMemory(with: layer.weight) && other.weight.isIdentical(to: layer.weight))
    #expect(other.bias?.sharesMemory(with: layer.bias ?? other.weight) == true)
  }
}
