// The time and memory that work on a model takes at most.
//
//   time = noisy pictures x seconds of one + pictures x seconds of decoding one + prompts of searches x seconds of reading one
package import Attacks
package import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Torch
internal import TorchNN
internal import Training

/// Work in units whose pace a machine can be asked for.
package struct WorkEstimate: Sendable, Hashable {
  /// Noisy pictures that a U-Net predicts.
  package var evaluations = 0.0
  /// Pictures that are decoded.
  package var pictures = 0.0
  /// Prompts that a text encoder reads in searches without the U-Net.
  package var readings = 0.0

  package init() {}

  /// Predictions for one drawn picture.
  package static func passes(_ sampling: SamplingOptions) -> Int {
    sampling.steps * (sampling.guidance > 1 ? 2 : 1)
  }

  /// Drawn pictures.
  package init(pictures: Int, _ sampling: SamplingOptions) {
    (self.pictures, evaluations) = (
      Double(pictures), Double(pictures) * Double(Self.passes(sampling))
    )
  }

  /// Attacks on some prompts, as if no attempt succeeded. Random tokens have as many pictures as the most of any
  /// attack.
  package init(_ attacks: [any Attack], on prompts: Int, _ sampling: SamplingOptions) {
    guard !attacks.isEmpty else { return }
    let passes = Self.passes(sampling)
    let queries = attacks.map(\.pictures)
    // The control, where `random` has fewer attempts than another attack.
    let own = attacks.lazy.compactMap { $0 as? RandomTokens }.first.map { Double($0.attempts) }
    let most = queries.max() ?? 0
    let control = most > (own ?? 0) ? most : 0
    let attacked = Double(prompts)
    let search = attacks.map { Double($0.work(picture: passes)) }.reduce(0, +)
    evaluations = attacks.map { Double($0.preparation) }.reduce(0, +)
    evaluations += attacked * (search + (2 + control) * Double(passes))
    pictures = attacked * (queries.reduce(0, +) + 2 + control)
    readings = attacked * attacks.map(\.readings).reduce(0, +)
  }

  /// Fine-tunings: the pictures that are drawn first, and in each of them its steps, and at each checkpoint the judged
  /// prompts and three losses.
  /// - Parameters:
  ///   - steps: steps of each fine-tuning
  ///   - sets: pictures that are trained on and those behind the losses
  ///   - prompts: prompts that are judged at a checkpoint
  package init(
    _ tuning: Relearning, steps: Int, sets: Int, repetitions: Int, checkpoints: Int, prompts: Int,
    unseen: Int,
    _ sampling: SamplingOptions
  ) {
    let passes = Double(Self.passes(sampling))
    evaluations = Double(sets) * Double(tuning.pictureSteps * (tuning.guidance > 1 ? 2 : 1))
    let losses = 3 * unseen * MembershipInference().times
    let trained = 3 * Double(steps) * Double(tuning.training.batch)
    let judged = Double(checkpoints) * (Double(prompts) * passes + Double(losses))
    evaluations += Double(repetitions) * (trained + judged)
    pictures = Double(sets) + Double(repetitions) * Double(checkpoints) * Double(prompts)
  }

  package static func + (a: WorkEstimate, b: WorkEstimate) -> WorkEstimate {
    var sum = a
    sum.evaluations += b.evaluations
    sum.pictures += b.pictures
    sum.readings += b.readings
    return sum
  }

  /// Seconds of this machine.
  package struct Pace {
    /// A noisy picture through the U-Net.
    package var noisy: Double
    /// The decoding of a picture.
    package var decoded: Double
    /// A prompt through the text encoder.
    package var read: Double

    /// - Parameter reads: whether the text encoder is timed
    package init(of model: DiffusionModel, reads: Bool) throws {
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
  package func seconds(at pace: Pace) -> Double {
    pace.noisy * evaluations + pace.decoded * pictures + pace.read * readings
  }

  /// Hours in words; minutes below one and a half.
  package static func words(_ seconds: Double) -> String {
    let minutes = max(1, (seconds / 60).rounded(.up))
    return minutes > 90
      ? String(format: "%.1f hours", seconds / 3600)
      : "\(Int(bounded: minutes, 1...90)) minute\(minutes == 1 ? "" : "s")"
  }

  /// The time in words, by the pace of this machine.
  /// - Parameter rest: work that is not in it, e.g. `the judges' time comes to it`
  package func time(on model: DiffusionModel, _ rest: String) throws -> String {
    let pace = try Pace(of: model, reads: readings > 0)
    func part(_ count: Double, _ noun: String, _ seconds: Double) -> String {
      String(format: "%.0f \(noun) at %.3g s each", count, seconds)
    }
    let reading =
      readings > 0
      ? " and "
        + part(readings, "prompts through the text encoder, in searches without it,", pace.read)
      : ""
    return "time: at most \(Self.words(seconds(at: pace))), for "
      + part(evaluations, "noisy pictures through the U-Net", pace.noisy)
      + (reading.isEmpty ? " and " : ", ") + part(pictures, "pictures decoded", pace.decoded)
      + reading + "; \(rest)"
  }
}
