// The time and memory that an audit takes at most: its noisy pictures, times the seconds that the model takes for one.
//
//   pictures      2 models, each prompt once                       a picture:  steps, twice with guidance
//   attacks       each attacked prompt, as if no attempt succeeded
//   relearning    repetitions x (steps x batch x 3, and the judged prompts at each of 4 checkpoints)
//   memory        the weights; in a fine-tuning of the whole U-Net its copy, a gradient and AdamW's two moments beside
package import Attacks
package import Diffusion
internal import Editing
internal import Foundation
internal import Torch
internal import TorchNN
internal import Training

/// The work of an audit, in noisy pictures that models are asked about.
package struct AuditEstimate {
  package let evaluations: Int
  private let sampling: SamplingOptions
  private let tunesWhole: Bool

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
    tunesWhole = tuning?.mode == .full
  }

  /// Seconds for one noisy picture.
  /// - Parameter model: draws two pictures, whose time is the measure
  private func pace(of model: DiffusionModel) throws -> Double {
    var sampling = sampling
    sampling.steps = min(4, sampling.steps)
    let before = model.evaluations
    let start = Date()
    _ = try model.images(["", ""], seeds: [1, 2], sampling)
    return Date().timeIntervalSince(start) / Double(max(1, model.evaluations - before))
  }

  /// Hours in words; minutes below one and a half.
  static func words(_ seconds: Double) -> String {
    let minutes = max(1, (seconds / 60).rounded(.up))
    return minutes > 90
      ? String(format: "%.1f hours", seconds / 3600)
      : "\(Int(bounded: minutes, 1...90)) minute\(minutes == 1 ? "" : "s")"
  }

  /// Hours and gigabytes in words.
  package func sentences(for model: DiffusionModel) throws -> [String] {
    let pace = try pace(of: model)
    func gigabytes(_ numbers: Int) -> String {
      String(format: "%.1f GB", Double(4 * numbers) / 1e9)
    }
    let tensors = model.parameters.tensors
    let all = tensors.values.map(\.count).reduce(0, +)
    let unet = ParameterSelection.unet.paths(of: model.parameters)
      .compactMap { tensors[$0]?.count }.reduce(0, +)
    return [
      "time: at most \(Self.words(pace * Double(evaluations))) "
        + String(
          format: "(%d U-Net evaluations at %.3g s, measured on two pictures)", evaluations, pace),
      "memory: \(gigabytes(all)) for the weights in float32"
        + (tunesWhole
          ? ", \(gigabytes(4 * unet)) more in the fine-tuning, which has the U-Net's \(unet) numbers four times"
          : "")
        + "; pictures, gradients' activations and the judges come to it",
    ]
  }
}
