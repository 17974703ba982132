import Diffusion
import Testing
import Torch
import Training

@testable import Editing

@Suite struct NashBargainingTests {
  /// The closed form solves (G^T G) alpha = 1 / alpha.
  @Test func bargainSolvesItsEquations() throws {
    let g = Generator(seed: 5)
    for _ in 0..<20 {
      let (a, b) = (Tensor.randn([6], g).to(.float64), Tensor.randn([6], g).to(.float64))
      let (rr, ff, rf) = ((a * a).sum().item, (b * b).sum().item, (a * b).sum().item)
      let alpha = NashBargaining.weights(rr: rr, ff: ff, rf: rf)
      #expect(abs(rr * alpha.r + rf * alpha.f - 1 / alpha.r) < 1e-9 / alpha.r)
      #expect(abs(rf * alpha.r + ff * alpha.f - 1 / alpha.f) < 1e-9 / alpha.f)
    }
    // Players who want opposite things do not run away.
    let opposed = NashBargaining.weights(rr: 1, ff: 1, rf: -1)
    #expect(opposed.r == 10 && opposed.f == 10)
    #expect(NashBargaining.weights(rr: 4, ff: 0, rf: 0) == (r: 0.5, f: 0))
    let p = Tensor([0, 0] as [Float])
    let rule = NashBargaining(
      retain: LinearLoss(p: p, direction: Tensor([2, 0] as [Float])),
      forget: LinearLoss(p: p, direction: Tensor([0, 5] as [Float])))
    #expect(try gradient(rule, p).1 == [1, 1])
  }
}
