import TestSupport
import Testing
import Torch

@testable import TorchNN

@Suite struct TorchNNTests {
  /// Five steps of each optimizer, as torch.optim takes them.
  @Test(arguments: OptimizerOptions.Kind.allCases) func optimizers(_ kind: OptimizerOptions.Kind)
    throws
  {
    let golden = try Fixtures.tensors("numbers.safetensors")
    let p = try #require(golden["optimizer.start"]).cloned()
    let steps = try #require(golden["optimizer.gradients"])
    var options = OptimizerOptions(kind, weightDecay: 0.1)
    options.momentum = 0.9
    var optimizer = options.make()
    for i in 0..<5 {
      // Stopping and going on from the state changes nothing.
      if i == 3 {
        let state = optimizer.state
        optimizer = options.make()
        optimizer.state = state
      }
      optimizer.step([p], [steps[0, at: i].contiguous()], rate: 0.1)
    }
    #expect(p.distance(to: try #require(golden["optimizer.\(kind.rawValue)"])) < 1e-6)
  }

  @Test func clippingScalesToTheLimit() {
    let g = [Tensor([3, 0] as [Float]), Tensor([4] as [Float])]
    #expect(clipNorm(g, to: 1).item == 5)
    #expect(abs(Foreach.norm(g) - 1) < 1e-5)
    #expect(clipNorm(g, to: 2).item < 1.01 && abs(Foreach.norm(g) - 1) < 1e-5)
  }

  @Test func schedules() {
    #expect(LearningRate.constant.factor(5, of: 10) == 1)
    #expect(LearningRate.linear.factor(5, of: 10) == 0.5)
    #expect(LearningRate.constant.factor(0, of: 10, warmup: 3) == 0.25)
    #expect(LearningRate.secondHalfLinear.factor(4, of: 10) == 1)
    #expect(LearningRate.oneCycle.factor(3, of: 10) > 0.99)
    for schedule in LearningRate.allCases where schedule != .constant {
      #expect(schedule.factor(99, of: 100) < 0.05, "\(schedule)")
    }
  }

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
