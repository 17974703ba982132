// Membership inference by the loss (Yeom et al., CSF 2018; for diffusion models, Matsumoto et al., 2023). The loss is
// lower on pictures that the model was trained on than on others.
//
//   s(x) = - E_{t, eps} | eps - eps_theta(x_t, t, c) |^2
//   AUC  = P( s(member) > s(non-member) ),   0.5 where the scores do not separate them
//
// t is spread evenly over the schedule, and t and eps are the same for every model. The interval is Hanley & McNeil's
// (1982).
package import Diffusion
internal import Foundation
internal import Torch
package import Training

/// The loss-threshold membership attack on a diffusion model.
package struct MembershipInference: Sendable {
  /// Timesteps of each picture, at least 1.
  package var times = 10
  /// The most pictures of one forward pass; memory may ask for fewer.
  package var batch = 50
  /// Seed of the noise.
  package var seed: UInt64 = 1
  package init() {}

  /// The scores s(x) of all N pictures of the set, each under its own caption.
  /// - Returns: N mean squared errors with a negative sign; a higher score points to a member
  package func scores(_ model: DiffusionModel, _ set: LatentSet) -> [Double] {
    withoutGradients {
      let captions = model.embed(set.captions)
      let batch = model.batch(atMost: batch)
      return stride(from: 0, to: set.count, by: batch).flatMap { first -> [Double] in
        let picks = Array(first..<min(first + batch, set.count))
        let x0 = set.mean.indexed(0, picks)
        var total = Tensor.zeros([picks.count], on: model.device)
        for k in 0..<times {
          let at = (2 * k + 1) * model.schedule.steps / (2 * times)
          let t = Tensor.full([picks.count], Double(at)).to(model.device)
          let eps = Tensor.concatenate(
            picks.map {
              Tensor.randn(
                [1] + x0.shape.dropFirst(), Step(index: $0 * times + k, seed: seed).generator)
            }
          ).to(model.device)
          let xt = model.schedule.noised(x0, eps, at: t)
          let output = model.predict(xt, at: t, given: captions.rows(picks))
          let error = output - model.schedule.target(x0, eps, at: t)
          total = total + error.squared().flattened(from: 1).mean(1)
        }
        return (total * (-1 / Double(times))).doubles
      }
    }
  }

  /// The area under the attack's ROC curve, 0 to 1, with Hanley & McNeil's interval, 95 %. A tie counts as half. The
  /// value is NaN where one of the lists is empty.
  package static func area(members: [Double], others: [Double]) -> MeasuredValue {
    let (m, n) = (Double(members.count), Double(others.count))
    guard m > 0, n > 0 else { return MeasuredValue("mia", .nan, n: 0) }
    let sorted = others.sorted()
    // Count of others below a member; a tie counts as half.
    func below(_ x: Double, orEqual: Bool) -> Int {
      var (low, high) = (0, sorted.count)
      while low < high {
        let middle = (low + high) / 2
        if sorted[middle] < x || (orEqual && sorted[middle] == x) {
          low = middle + 1
        } else {
          high = middle
        }
      }
      return low
    }
    let wins = members.reduce(0.0) {
      $0 + Double(below($1, orEqual: false) + below($1, orEqual: true)) / 2
    }
    let a = wins / (m * n)
    let (q1, q2) = (a / (2 - a), 2 * a * a / (1 + a))
    let variance = (a * (1 - a) + (m - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (m * n)
    let half = 1.959964 * max(0, variance).squareRoot()
    return MeasuredValue(
      "mia", a, n: members.count + others.count,
      Interval(max(0, a - half), min(1, a + half), .hanleyMcNeil95))
  }
}
