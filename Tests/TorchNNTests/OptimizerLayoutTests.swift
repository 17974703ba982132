import Testing
import Torch

@testable import TorchNN

@Suite struct OptimizerLayoutTests {
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
