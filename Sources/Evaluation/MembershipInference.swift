// Membership inference by the loss (Yeom et al., CSF 2018; for diffusion models, Matsumoto et al., 2023): a picture
// that a model was trained on has a lower loss than one that it never saw.
//
//   s(x) = - E_{t, eps} | eps - eps_theta(x_t, t, c) |^2
//   AUC  = P( s(member) > s(non-member) ),   0.5 where the model does not tell
//
// t is spread evenly, and every model sees the same t and eps. The interval is Hanley & McNeil's (1982).
package import Diffusion
package import Editing
internal import Foundation
internal import Torch
internal import Training

package struct MembershipInference: Sendable {
  package var times = 10
  package var batch = 50
  package var seed: UInt64 = 1
  package init() {}

  /// s(x) of every picture of the set, under its own caption.
  package func scores(_ model: DiffusionModel, _ set: LatentSet) -> [Double] {
    withoutGradients {
      let captions = model.embed(set.captions)
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

  /// The AUC of the attack on scores of members and of others.
  package static func area(members: [Double], others: [Double]) -> MeasuredValue {
    let (m, n) = (Double(members.count), Double(others.count))
    guard m > 0, n > 0 else { return MeasuredValue("mia", .nan, n: 0) }
    let sorted = others.sorted()
    // Others below each member, ties by half.
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
