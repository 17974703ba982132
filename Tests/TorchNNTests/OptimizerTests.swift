import TestSupport
import Testing
import Torch

@testable import TorchNN

@Suite struct OptimizerTests {
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

  /// A gradient that is a view, or has its channels last, moves each number by its own entry.
  @Test func gradientsMayHaveAnyLayout() {
    func moved(_ shape: [Int], _ gradient: Tensor, _ optimizer: some Optimizer) -> Tensor {
      var optimizer = optimizer
      let p = Tensor.ones(shape)
      optimizer.step([p], [gradient], rate: 0.1)
      return p
    }
    let g = Generator(seed: 1)
    let layouts = [
      Tensor.randn([6, 4], g).transposed(0, 1),
      Tensor.randn([4, 9, 2], g).narrowed(1, 2, 3),
      Tensor.randn([4, 3, 2, 2], g).channelsLast(),
    ]
    for x in layouts {
      #expect(!x.isContiguous)
      let same = x.contiguous()
      for optimizer in [Adam(decoupled: false), Adam(decoupled: true)] {
        #expect(moved(x.shape, x, optimizer).isIdentical(to: moved(x.shape, same, optimizer)))
      }
    }
  }
}
