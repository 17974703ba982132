import Testing
import Torch

@testable import Training

@Suite struct MovingAverageTests {
  @Test func averagesFollow() {
    let p = Tensor.zeros([1])
    let average = MovingAverage([p], decay: 0.5)
    p.add(Tensor.ones([1]))
    average.update([p], step: 1000)
    #expect(average.tensors[0].item == 0.5)
  }
}
