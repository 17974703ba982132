import Testing
import Torch

@testable import Training

@Suite struct StepTests {
  @Test func stepsDrawFromSeedAndIndexAlone() {
    let draws = (0..<4).map { Tensor.randn([3], Step(index: $0, seed: 9).generator).floats }
    #expect(Set(draws).count == 4)
    #expect(Tensor.randn([3], Step(index: 2, seed: 9).generator).floats == draws[2])
    #expect(Tensor.randn([3], Step(index: 2, seed: 10).generator).floats != draws[2])
  }
}
