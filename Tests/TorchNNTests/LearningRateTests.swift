import Testing
import Torch

@testable import TorchNN

@Suite struct LearningRateTests {
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
}
