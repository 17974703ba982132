import Testing
import Torch

@testable import Editing

@Suite struct ElasticWeightConsolidationTests {
  /// Specification 19.3: the penalty's gradient is 2 lambda F (theta - theta*).
  @Test func elasticPullsBack() throws {
    let p = Tensor([3, -1] as [Float])
    let zero = LinearLoss(p: p, direction: Tensor([0, 0] as [Float]))
    let rule = ElasticWeightConsolidation(
      Descent(zero), fisher: [Tensor([0.5, 2] as [Float])], anchor: [Tensor([1, 1] as [Float])],
      lambda: 10)
    let (loss, g) = try gradient(rule, p)
    // Away from the anchor by (2, -2): 20 F (2, -2), and 10 (0.5 4 + 2 4).
    #expect(g == [20, -80] as [Float])
    #expect(loss == 100)
  }
}
