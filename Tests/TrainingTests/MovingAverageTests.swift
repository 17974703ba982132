import Testing
import Torch

@testable import Training

@Suite struct MovingAverageTests {
  @Test func averagesFollow() {
    let p = Tensor.zeros([1])
    let average = MovingAverage([p], decay: 0.5, warmsUp: true)
    p.add(Tensor.ones([1]))
    average.update([p], step: 1000)
    #expect(average.tensors[0].item == 0.5)
  }

  /// The first step from 0 to 1 moves an average of decay 0.75 by 1/4, and by 9/10 where it warms up.
  @Test func warmingUpIsAnOption() {
    for (warmsUp, expected) in [(false, [0.25, 0.4375]), (true, [0.9, 1 - 0.1 * 2 / 11])] {
      let p = Tensor.zeros([1])
      let average = MovingAverage([p], decay: 0.75, warmsUp: warmsUp)
      p.add(Tensor.ones([1]))
      for step in 0..<2 {
        average.update([p], step: step)
        #expect(abs(average.tensors[0].item - expected[step]) < 1e-6, "\(warmsUp) \(step)")
      }
    }
  }
}
