import Testing
import Torch

@testable import Editing

@Suite struct ProjectedTests {
  /// v = max(0.5, -<m, g> / (|m|^2 + 1e-3)) where <m, g> < 0; nothing where the two do not oppose each other.
  @Test func projectionKeepsWhatIsRemembered() throws {
    #expect(Projected.weight(mg: 3, mm: 1) == 0)
    #expect(Projected.weight(mg: 0, mm: 1) == 0)
    #expect(Projected.weight(mg: -0.1, mm: 1) == 0.5)
    #expect(abs(Projected.weight(mg: -4, mm: 2) - 4 / 2.001) < 1e-12)
    let p = Tensor([0, 0] as [Float])
    let m = Tensor([1, 1] as [Float])
    let along = LinearLoss(p: p, direction: Tensor([3, 0] as [Float]))
    #expect(try gradient(Projected(Descent(along), memory: [m]), p).1 == [3, 0])
    let against = LinearLoss(p: p, direction: Tensor([-3, 0] as [Float]))
    let (_, g) = try gradient(Projected(Descent(against), memory: [m]), p)
    // The rest of the gradient does not work against the memory.
    #expect(g[0] + g[1] > -0.01)
    #expect(abs(g[1] - Float(3 / 2.001)) < 1e-5)
  }
}
