// The estimate of Fisher information, against gradients whose F is known.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct FisherInformationTests {
  /// g_t = m_t + s_t z with z anew for each t: F = (sum m_t)^2 + sum s_t^2, here the mean over many coordinates. Three
  /// kinds of them: noise alone, a mean that outweighs it, and means of both signs.
  @Test(arguments: [(4, 400), (10, 200), (20, 100), (40, 50)]) func hasNoBias(
    _ times: Int, _ pictures: Int
  ) throws {
    let (steps, width) = (40, 400)
    let means: [(Int) -> Double] = [
      { _ in 0 }, { 0.3 + 0.01 * Double($0) }, { $0 % 2 == 0 ? 1 : -0.9 },
    ]
    func deviation(_ t: Int) -> Double { 1 + Double(t % 3) }
    func expected(_ mean: (Int) -> Double) -> Double {
      let sum = (0..<steps).map(mean).reduce(0, +)
      return sum * sum + (0..<steps).map { deviation($0) * deviation($0) }.reduce(0, +)
    }
    let fisher = FisherInformation(pictures: pictures, times: times, of: steps)
    var passes = 0
    let found = try fisher.unclamped(like: means.map { _ in Tensor.zeros([width]) }, seed: 3) {
      _, some, step in
      passes += some.count
      return means.map { mean in
        some.reduce(Tensor.zeros([width])) {
          $0 + mean($1) + deviation($1) * Tensor.randn([width], step.generator)
        }
      }
    }
    #expect(passes == times * pictures)
    for (estimate, mean) in zip(found, means) {
      let ratio = estimate.mean().item / expected(mean)
      #expect(abs(ratio - 1) < 0.2, "\(ratio)")
    }
  }

  /// Nothing in F is below 0, and the sum of a tensor has no bias, where noise outweighs the mean and few pictures
  /// tell.
  @Test func holdingAtZeroAddsNothing() throws {
    let (steps, width, t) = (1000, 4000, 100)
    let fisher = FisherInformation(pictures: 32, times: t, of: steps)
    let found = try fisher.diagonal(like: [Tensor.zeros([width])], seed: 3) { _, some, step in
      // The sum of `some.count` draws of variance 1.
      [Double(some.count).squareRoot() * Tensor.randn([width], step.generator)]
    }[0]
    #expect(found.clamped(nil, 0).abs().sum().item == 0)
    #expect(abs(found.mean().item / Double(steps) - 1) < 0.2, "\(found.mean().item)")
  }

  /// With all timesteps the estimate is the square of the sum; below 0 there is nothing.
  @Test func allTimestepsAreTheFormula() throws {
    let fisher = FisherInformation(pictures: 1, times: 6, of: 6)
    let values: [Double] = [1, -2, 4, 0.5, 3, -1]
    var seen: [Int] = []
    let found = try fisher.diagonal(like: [Tensor.zeros([1])], seed: 1) { _, some, _ in
      seen += some
      return [Tensor([Float(some.map { values[$0] }.reduce(0, +))])]
    }
    #expect(seen.sorted() == Array(0..<6))
    #expect(abs(found[0].item - 5.5 * 5.5) < 1e-4)
    // Two of six: 3 (1 + 4) + 6 5 (1 (-2)) < 0.
    var sums: [Float] = [1, -2]
    let few = try FisherInformation(pictures: 1, times: 2, of: 6).diagonal(
      like: [Tensor.zeros([1])], seed: 1
    ) { _, _, _ in [Tensor([sums.removeFirst()])] }
    #expect(few[0].item == 0)
  }
}
