// The time and memory that work on a model takes at most.
//
//   time = sum over sizes of ( noisy pictures x seconds of one + pictures x seconds of decoding one )
//          + prompts of searches x seconds of reading one
package import Attacks
package import Diffusion
internal import Editing
package import Evaluation
internal import Foundation
internal import Torch
internal import TorchNN
internal import Training

/// Work in units whose pace a machine can be asked for.
package struct WorkEstimate: Sendable, Hashable {
  /// The size of pictures in pixels. Nil is the model's own.
  package struct Size: Sendable, Hashable {
    package var width: Int?
    package var height: Int?

    package init(_ sampling: SamplingOptions) {
      (width, height) = (sampling.width, sampling.height)
    }
  }

  /// The work on pictures of one size.
  package struct Drawing: Sendable, Hashable {
    /// Noisy pictures that a U-Net predicts.
    package var evaluations = 0.0
    /// Pictures that are decoded.
    package var pictures = 0.0
  }

  /// The work on pictures by their size.
  package private(set) var drawings: [Size: Drawing] = [:]
  /// Prompts that a text encoder reads in searches without the U-Net.
  package var readings = 0.0

  /// Noisy pictures that a U-Net predicts, of all sizes.
  package var evaluations: Double { drawings.values.map(\.evaluations).reduce(0, +) }
  /// Pictures that are decoded, of all sizes.
  package var pictures: Double { drawings.values.map(\.pictures).reduce(0, +) }

  package init() {}

  private mutating func add(_ size: Size, evaluations: Double = 0, pictures: Double = 0) {
    guard evaluations > 0 || pictures > 0 else { return }
    drawings[size, default: Drawing()].evaluations += evaluations
    drawings[size, default: Drawing()].pictures += pictures
  }

  /// Predictions for one drawn picture.
  package static func passes(_ sampling: SamplingOptions) -> Int {
    sampling.steps * (sampling.guidance > 1 ? 2 : 1)
  }

  /// Drawn pictures.
  package init(pictures: Int, _ sampling: SamplingOptions) {
    add(
      Size(sampling), evaluations: Double(pictures) * Double(Self.passes(sampling)),
      pictures: Double(pictures))
  }

  /// Drawn pictures that may bring guidance and size themselves.
  package init(_ samples: [SampleSet.Sample], _ sampling: SamplingOptions) {
    for sample in samples {
      self = self + WorkEstimate(pictures: 1, sample.sampling(over: sampling))
    }
  }

  /// Attacks on some prompts, as if no attempt succeeded. Random tokens have as many pictures as the most of any
  /// attack.
  package init(_ attacks: [any Attack], on prompts: Int, _ sampling: SamplingOptions) {
    self.init(attacks, on: [(prompts, sampling)])
  }

  /// The same on prompts that may bring guidance and size themselves.
  package init(
    _ attacks: [any Attack], on samples: [SampleSet.Sample], _ sampling: SamplingOptions
  ) {
    let alike = Dictionary(grouping: samples) { $0.sampling(over: sampling) }
    self.init(attacks, on: alike.map { ($1.count, $0) })
  }

  private init(
    _ attacks: [any Attack], on prompts: [(count: Int, sampling: SamplingOptions)]
  ) {
    guard !attacks.isEmpty else { return }
    let queries = attacks.map(\.pictures)
    // The control, where `random` has fewer attempts than another attack.
    let own = attacks.lazy.compactMap { $0 as? RandomTokens }.first.map { Double($0.attempts) }
    let most = queries.max() ?? 0
    let control = most > (own ?? 0) ? most : 0
    add(
      Size(SamplingOptions()), evaluations: attacks.map { Double($0.preparation) }.reduce(0, +))
    for (count, sampling) in prompts {
      let (attacked, passes) = (Double(count), Self.passes(sampling))
      let search = attacks.map { Double($0.work(picture: passes)) }.reduce(0, +)
      add(
        Size(sampling), evaluations: attacked * (search + (2 + control) * Double(passes)),
        pictures: attacked * (queries.reduce(0, +) + 2 + control))
      readings += attacked * attacks.map(\.readings).reduce(0, +)
    }
  }

  /// Fine-tunings: the pictures that are drawn first, and in each of them its steps, and at each checkpoint the judged
  /// prompts and three losses.
  /// - Parameters:
  ///   - steps: steps of each fine-tuning
  ///   - sets: pictures that are trained on and those behind the losses
  ///   - judged: the pictures that are judged at a checkpoint
  package init(
    _ tuning: Relearning, steps: Int, sets: Int, repetitions: Int, checkpoints: Int,
    judged: WorkEstimate, unseen: Int
  ) {
    let drawn = Double(sets) * Double(tuning.pictureSteps * (tuning.guidance > 1 ? 2 : 1))
    let losses = Double(checkpoints) * Double(3 * unseen * MembershipInference().times)
    let trained = 3 * Double(steps) * Double(tuning.training.batch)
    // Pictures that are trained on are of the model's own size.
    add(
      Size(SamplingOptions()), evaluations: drawn + Double(repetitions) * (trained + losses),
      pictures: Double(sets))
    let times = Double(repetitions) * Double(checkpoints)
    for (size, one) in judged.drawings {
      add(size, evaluations: times * one.evaluations, pictures: times * one.pictures)
    }
  }

  package static func + (a: WorkEstimate, b: WorkEstimate) -> WorkEstimate {
    var sum = a
    for (size, one) in b.drawings {
      sum.add(size, evaluations: one.evaluations, pictures: one.pictures)
    }
    sum.readings += b.readings
    return sum
  }

  /// Seconds of this machine for pictures of one size.
  package struct Pace {
    /// A noisy picture through the U-Net.
    package var noisy: Double
    /// The decoding of a picture.
    package var decoded: Double
    /// A prompt through the text encoder.
    package var read: Double

    init(noisy: Double, decoded: Double, read: Double) {
      (self.noisy, self.decoded, self.read) = (noisy, decoded, read)
    }

    /// - Parameter reads: whether the text encoder is timed
    package init(of model: DiffusionModel, _ size: Size, reads: Bool) throws {
      let prompts = ["", ""]
      let extent = try model.drawable(width: size.width, height: size.height)
      let x = Tensor.randn(
        [2, model.unet.inChannels, extent.height, extent.width], Generator(seed: 1)
      ).to(model.device)
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
  /// - Parameter paces: one for each size of ``drawings``
  package func seconds(at paces: [Size: Pace]) -> Double {
    let drawn = drawings.map { size, one in
      paces[size].map { $0.noisy * one.evaluations + $0.decoded * one.pictures } ?? 0
    }
    return drawn.reduce(0, +) + (paces.values.map(\.read).max() ?? 0) * readings
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
    let own = Size(SamplingOptions())
    // The model's own size first, and the others from the smallest to the largest.
    func area(_ size: Size) -> Int {
      size == own
        ? 0
        : (size.width ?? model.imageSize)
          .multipliedReportingOverflow(by: size.height ?? model.imageSize).partialValue
    }
    let sizes = (drawings.isEmpty ? [own] : drawings.keys.sorted { area($0) < area($1) })
    var paces: [Size: Pace] = [:]
    for size in sizes {
      paces[size] = try Pace(of: model, size, reads: readings > 0 && paces.isEmpty)
    }
    func part(_ count: Double, _ noun: String, _ seconds: Double) -> String {
      String(format: "%.0f \(noun) at %.3g s each", count, seconds)
    }
    var parts: [String] = []
    for size in sizes {
      guard let pace = paces[size] else { continue }
      let work = drawings[size] ?? Drawing()
      let name =
        size == own
        ? ""
        : " of \([size.width, size.height].map { $0.map(String.init) ?? "the model's" }.joined(separator: " x ")) pixels"
      parts += [
        part(work.evaluations, "noisy pictures\(name) through the U-Net", pace.noisy),
        part(work.pictures, "pictures\(name) decoded", pace.decoded),
      ]
    }
    if readings > 0 {
      parts.append(
        part(
          readings, "prompts through the text encoder, in searches without it,",
          paces.values.map(\.read).max() ?? 0))
    }
    return "time: at most \(Self.words(seconds(at: paces))), for \(parts.inWords); \(rest)"
  }
}
