// The time that an audit takes at most: its noisy pictures, times the seconds that the model takes for one.
//
//   pictures      2 models, each prompt once                       a picture:  steps, twice with guidance
//   attacks       each attacked prompt, as if no attempt succeeded
//   relearning    repetitions x (steps x batch x 3, and the judged prompts at each of 4 checkpoints)
package import Attacks
package import Diffusion
internal import Foundation
internal import Training

/// The work of an audit, in noisy pictures that models are asked about.
package struct AuditEstimate {
  package let evaluations: Int
  private let sampling: SamplingOptions

  package init(
    _ size: AuditSize, _ attacks: [any Attack], _ tuning: Relearning?, _ sampling: SamplingOptions
  ) {
    let picture = sampling.steps * (sampling.guidance > 1 ? 2 : 1)
    let drawn = size.prompts + 2 * 3 * size.neighbours * size.wordings
    let attacked = attacks.map { $0.work(picture: picture) }.reduce(0, +)
    let tuned = tuning.map { 3 * size.relearning * $0.training.batch } ?? 0
    let judged = size.relearning > 0 ? 4 * size.relearned * picture : 0
    evaluations =
      drawn * picture + attacks.map(\.preparation).reduce(0, +) + size.attacked
      * (attacked + 2 * picture)
      + size.repetitions * (tuned + judged)
    self.sampling = sampling
  }

  /// - Parameter model: draws two pictures, whose time is the measure
  /// - Returns: seconds for the whole audit
  package func seconds(on model: DiffusionModel) throws -> Double {
    var sampling = sampling
    sampling.steps = min(4, sampling.steps)
    let before = model.evaluations
    let start = Date()
    _ = try model.images(["", ""], seeds: [1, 2], sampling)
    let each = Date().timeIntervalSince(start) / Double(max(1, model.evaluations - before))
    return each * Double(evaluations)
  }
}
