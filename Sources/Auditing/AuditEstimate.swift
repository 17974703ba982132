// The time and memory that an audit takes at most.
//
//   time = noisy pictures x seconds of one + pictures x seconds of decoding one + prompts of searches x seconds of reading one
//
//   pictures      2 models, each prompt once                       a picture:  steps, twice with guidance
//   attacks       each attacked prompt, as if no attempt succeeded; random tokens with as many pictures as the most of any
//   relearning    the pictures that are drawn first; repetitions x (steps x batch x 3, and at each of 4 checkpoints the judged
//                 prompts and three losses)
//   memory        the weights; in a fine-tuning of the whole U-Net its copy, a gradient and AdamW's two moments beside
package import Attacks
package import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Torch
internal import TorchNN
internal import Training
internal import Workflows

/// The work of an audit.
package struct AuditEstimate {
  /// Noisy pictures that a U-Net predicts.
  package let evaluations: Double
  /// Pictures that are decoded.
  package let pictures: Double
  /// Prompts that a text encoder reads in searches without the U-Net.
  package let readings: Double
  private let tunesWhole: Bool

  package init(
    _ size: AuditSize, _ attacks: [any Attack], _ tuning: Relearning?, _ sampling: SamplingOptions
  ) {
    let passes = sampling.steps * (sampling.guidance > 1 ? 2 : 1)
    let picture = Double(passes)
    var (noisy, drawn, read) = (0.0, 0.0, 0.0)
    drawn += Double(size.prompts + 2 * 3 * size.neighbours * size.wordings)
    noisy += drawn * picture

    let queries = attacks.map(\.pictures)
    // The control, where `random` has fewer attempts than another attack.
    let own = attacks.lazy.compactMap { $0 as? RandomTokens }.first.map { Double($0.attempts) }
    let most = queries.max() ?? 0
    let control = most > (own ?? 0) ? most : 0
    let attacked = Double(size.attacked)
    if !attacks.isEmpty {
      let search = attacks.map { Double($0.work(picture: passes)) }.reduce(0, +)
      noisy += attacks.map { Double($0.preparation) }.reduce(0, +)
      noisy += attacked * (search + (2 + control) * picture)
      drawn += attacked * (queries.reduce(0, +) + 2 + control)
      read += attacked * attacks.map(\.readings).reduce(0, +)
    }

    if let tuning, size.relearning > 0 {
      let sets = Double(tuning.pictures + 3 * Relearn.unseenPictures)
      noisy += sets * Double(tuning.pictureSteps * (tuning.guidance > 1 ? 2 : 1))
      let losses = 3 * Relearn.unseenPictures * MembershipInference().times
      let trained = 3 * Double(size.relearning) * Double(tuning.training.batch)
      let repetitions = Double(size.repetitions)
      noisy += repetitions * (trained + 4 * (Double(size.relearned) * picture + Double(losses)))
      drawn += sets + repetitions * 4 * Double(size.relearned)
    }
    (evaluations, pictures, readings) = (noisy, drawn, read)
    tunesWhole = tuning?.mode == .full
  }

  /// Seconds of this machine.
  struct Pace {
    /// A noisy picture through the U-Net.
    var noisy: Double
    /// The decoding of a picture.
    var decoded: Double
    /// A prompt through the text encoder.
    var read: Double

    /// - Parameter reads: whether the text encoder is timed
    init(of model: DiffusionModel, reads: Bool) throws {
      let prompts = ["", ""]
      let size = model.latentSize
      let x = Tensor.randn([2, model.unet.inChannels, size, size], Generator(seed: 1)).to(
        model.device)
      let t = Tensor.full([2], Double(model.schedule.steps / 2)).to(model.device)
      let c = withoutGradients { model.embed(prompts) }
      let first = c.rows([0])
      let codec = try model.codec
      // The first pass reads the weights from the disk.
      noisy = try Self.seconds(model.device, 2) {
        _ = model.predict(x.narrowed(0, 0, 1), at: t.narrowed(0, 0, 1), given: first)
      } measured: {
        _ = model.predict(x, at: t, given: c)
      }
      decoded = try Self.seconds(model.device, 1) {
      } measured: {
        _ = codec.decode(x.narrowed(0, 0, 1))
      }
      // As many as the searches read at once.
      let many = Array(repeating: "", count: 64)
      read =
        reads
        ? try Self.seconds(model.device, many.count) {
          _ = model.embed(prompts)
        } measured: {
          _ = model.embed(many)
        } : 0
    }

    /// Seconds for each of `count`, by half a second of measurements and at least one.
    private static func seconds(
      _ device: Device, _ count: Int, _ warm: () -> Void, measured: () -> Void
    ) throws -> Double {
      try withoutGradients {
        warm()
        device.synchronize()
        let start = Date()
        var rounds = 0
        repeat {
          try Interrupt.check()
          measured()
          device.synchronize()
          rounds += 1
        } while Date().timeIntervalSince(start) < 0.5
        return Date().timeIntervalSince(start) / Double(rounds * count)
      }
    }
  }

  /// Seconds of all of it.
  func seconds(at pace: Pace) -> Double {
    pace.noisy * evaluations + pace.decoded * pictures + pace.read * readings
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
    let pace = try Pace(of: model, reads: readings > 0)
    func gigabytes(_ numbers: Int) -> String {
      String(format: "%.1f GB", Double(4 * numbers) / 1e9)
    }
    func part(_ count: Double, _ what: String, _ seconds: Double) -> String {
      String(format: "%.0f \(what) at %.3g s each", count, seconds)
    }
    let tensors = model.parameters.tensors
    let all = tensors.values.map(\.count).reduce(0, +)
    let unet = ParameterSelection.unet.paths(of: model.parameters)
      .compactMap { tensors[$0]?.count }.reduce(0, +)
    let reading =
      readings > 0
      ? " and "
        + part(readings, "prompts through the text encoder, in searches without it,", pace.read)
      : ""
    return [
      "time: at most \(Self.words(seconds(at: pace))), for "
        + part(evaluations, "noisy pictures through the U-Net", pace.noisy)
        + (reading.isEmpty ? " and " : ", ") + part(pictures, "pictures decoded", pace.decoded)
        + reading + "; the judges' time comes to it",
      "memory: \(gigabytes(all)) for the weights in float32"
        + (tunesWhole
          ? ", \(gigabytes(4 * unet)) more in the fine-tuning, which has the U-Net's \(unet) numbers four times"
          : "")
        + "; pictures, gradients' activations and the judges come to it",
    ]
  }
}

extension Attack {
  /// The most pictures of a prompt that a judge sees: the share of ``work(picture:)`` that grows with a picture's work.
  fileprivate var pictures: Double {
    let many = 1_000_000
    return Double(work(picture: many + 1) - work(picture: many))
  }
}
