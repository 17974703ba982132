// The time and memory that an audit takes at most.
//
//   pictures      2 models, each prompt once                       a picture:  steps, twice with guidance
//   attacks       each attacked prompt, as if no attempt succeeded; random tokens with as many pictures as the most of any
//   relearning    the pictures that are drawn first; repetitions x (steps x batch x 3, and at each of 4 checkpoints the judged
//                 prompts and three losses)
//   memory        the weights; in a fine-tuning of the whole U-Net its copy, a gradient and AdamW's two moments beside
package import Attacks
package import Diffusion
internal import Editing
package import Evaluation
internal import Torch
internal import TorchNN
package import Workflows

/// The work of an audit.
package struct AuditEstimate {
  private let work: WorkEstimate
  private let tunesWhole: Bool

  /// The work on pictures by their size.
  package var drawings: [WorkEstimate.Size: WorkEstimate.Drawing] { work.drawings }
  /// Noisy pictures that a U-Net predicts.
  package var evaluations: Double { work.evaluations }
  /// Pictures that are decoded.
  package var pictures: Double { work.pictures }
  /// Prompts that a text encoder reads in searches without the U-Net.
  package var readings: Double { work.readings }

  /// - Parameter suite: the prompts, which may bring guidance and size themselves; nil takes as many as the size asks for
  package init(
    _ size: AuditSize, _ attacks: [any Attack], _ tuning: Relearning?, _ sampling: SamplingOptions,
    _ suite: PromptSuite? = nil
  ) {
    /// Prompts for the concept.
    func few(_ count: Int) -> WorkEstimate {
      suite.map { WorkEstimate($0.picked(atMost: count), sampling) }
        ?? WorkEstimate(pictures: count, sampling)
    }
    var all =
      suite.map { WorkEstimate($0.samples + $0.samples, sampling) }
      ?? WorkEstimate(
        pictures: size.prompts + 2 * 3 * size.neighbours * size.wordings, sampling)
    all =
      all
      + (suite.map {
        WorkEstimate(attacks, on: $0.picked(atMost: size.attacked), sampling)
      } ?? WorkEstimate(attacks, on: size.attacked, sampling))
    if let tuning, size.relearning > 0 {
      all =
        all
        + WorkEstimate(
          tuning, steps: size.relearning, sets: tuning.pictures + 3 * Relearn.unseenPictures,
          repetitions: size.repetitions, checkpoints: 4, judged: few(size.relearned),
          unseen: Relearn.unseenPictures)
    }
    work = all
    tunesWhole = tuning?.mode == .full
  }

  /// Hours and memory in words.
  package func sentences(for model: DiffusionModel) throws -> [String] {
    let tensors = model.parameters.tensors
    let all = tensors.values.map(\.count).reduce(0, +)
    let unet = ParameterSelection.unet.paths(of: model.parameters)
      .compactMap { tensors[$0]?.count }.reduce(0, +)
    func memory(_ numbers: Int) -> String { Double(4 * numbers).bytesInWords }
    return [
      try work.time(on: model, "the judges' time comes to it"),
      "memory: \(memory(all)) for the weights in float32"
        + (tunesWhole
          ? ", \(memory(4 * unet)) more in the fine-tuning, which has the U-Net's \(unet) numbers four times"
          : "")
        + "; pictures, gradients' activations and the judges come to it",
    ]
  }
}
