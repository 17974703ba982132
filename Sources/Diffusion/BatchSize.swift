// The number of pictures that go through a network at once.
internal import Foundation
internal import Torch
internal import TorchNN

extension DiffusionModel {
  /// ``Runtime/batch`` where it is set, else `limit`, or as many as fit into the device's memory where those are fewer.
  ///
  /// The number depends on the size of the memory and not on how much of it is free, so that a machine rounds alike in
  /// every run.
  package func batch(atMost limit: Int) -> Int {
    guard Runtime.batch == 0 else { return Runtime.batch }
    guard isLarge else { return limit }
    let weights = store.tensors.values.reduce(0) { $0 + $1.count * 4 }
    return Self.batch(
      atMost: limit, pixels: imageSize * imageSize, weights: weights, memory: device.memory)
  }

  /// - Parameters:
  ///   - pixels: pixels of a picture
  ///   - weights, memory: bytes of the model and of the device; half of the memory is left to others
  package static func batch(atMost limit: Int, pixels: Int, weights: Int, memory: Int) -> Int {
    max(1, min(limit, (memory / 2 - weights) / (pixels * bytesOfPixel)))
  }

  /// Noisy pictures that a training step sends through the U-Net at once: as many as fit into the device's memory. Nil
  /// for a small model, whose batches go whole.
  package var trainedAtOnce: Int? {
    guard isLarge else { return nil }
    return Self.trainedAtOnce(
      latents: latentSize * latentSize, weights: weightsInTraining, memory: device.memory)
  }

  /// - Parameters:
  ///   - latents: latent pixels of a picture
  ///   - weights, memory: bytes of the model in training and of the device; half of the memory is left to others
  package static func trainedAtOnce(latents: Int, weights: Int, memory: Int) -> Int {
    max(1, (memory / 2 - weights) / (latents * bytesOfLatent))
  }

  /// Whether a pass backward computes each block again: where the activations of `pictures` do not fit into the
  /// device's memory beside a training's weights. A step takes a third longer then. A small model's always fit.
  package func recomputes(pictures: Int) -> Bool {
    guard isLarge else { return false }
    return Self.recomputes(
      latents: min(pictures, trainedAtOnce ?? pictures) * latentSize * latentSize,
      weights: weightsInTraining, memory: device.memory)
  }

  /// - Parameters:
  ///   - latents: latent pixels of all pictures
  ///   - weights, memory: bytes of the model in training and of the device; half of the memory is left to others
  package static func recomputes(latents: Int, weights: Int, memory: Int) -> Bool {
    latents * bytesOfKeptLatent + weights > memory / 2
  }

  /// Bytes of the weights, and of the U-Net's copies in a training.
  private var weightsInTraining: Int {
    let parts = parts(in: .float32)
    let unet = parts.first { $0.name == Layout.Component.unet.rawValue }?.bytes ?? 0
    return parts.reduce(0) { $0 + $1.bytes } + Self.copiesInTraining * unet
  }

  /// Of the U-Net: the original's weights, gradients and Adam's two moments.
  private static let copiesInTraining = 4
  /// About 300 maps of 320 channels at the size of the latents, with each block computed again in the backward pass.
  package static let bytesOfLatent = 300 * usualWidth * 4
  /// 1.3 to 1.8 GB for a picture of SD 1.4 in float32 on an H200, measured on plain loops of Meta-Unlearning and AdvUnlearn:
  /// at most 350 such maps.
  package static let bytesOfKeptLatent = 400 * usualWidth * 4

  /// A step that takes gradients: the pictures of one pass, the passes whose activations it holds at once, and the numbers
  /// that its training holds beside the model.
  package struct GradientStep: Hashable, Sendable {
    package var pictures: Int
    package var passes: Int
    package var numbers: Int

    package init(pictures: Int, passes: Int = 1, numbers: Int = 0) {
      (self.pictures, self.passes, self.numbers) = (pictures, passes, numbers)
    }

    fileprivate var inWords: String {
      "a step of " + (passes > 1 ? "\(passes) x " : "") + "\(pictures)"
    }
  }

  /// The memory that work takes, by part: weights, numbers of a training beside them, and the activations, of which the
  /// largest count, because they are not there at once.
  /// - Parameters:
  ///   - batch: pictures that are drawn at a time
  ///   - type: the type that the networks compute in; nil for the model's own
  ///   - frozen: the type of a copy of the model, which a training asks and does not train; nil for none
  ///   - step: the step that takes gradients; nil where none are taken
  package func memorySentence(
    batch: Int, computing type: ComputeType? = nil, frozen: ComputeType? = nil,
    step: GradientStep? = nil
  ) -> String {
    let weights = parts(in: type ?? computeType)
    var (own, moments) = (weights, [(name: String, bytes: Int)]())
    if let frozen, frozen != computeType {
      own.append(
        ("the original in \(frozen.rawValue)", parts(in: frozen).reduce(0) { $0 + $1.bytes }))
    }
    if let step, step.numbers > 0 { own.append(("training", 4 * step.numbers)) }
    moments.append(("pictures (\(batch) at a time)", pictures(batch)))
    moments.append(("U-Net passes", drawing(batch)))
    if let step { moments.append((step.inWords, kept(step.passes * step.pictures))) }
    let together = own.reduce(0) { $0 + $1.bytes } + (moments.map(\.bytes).max() ?? 0)
    return "memory: \(Self.list(own)); one at a time: \(Self.list(moments)); together "
      + Self.gigabytes(together)
  }

  /// Bytes of the activations of a pass that keeps none, guidance's second picture with it.
  private func drawing(_ batch: Int) -> Int {
    2 * batch * latentSize * latentSize * width * Self.drawnMaps * 4
  }

  /// Bytes of the activations that a step keeps for its pass backward, by the count that decides whether it keeps them.
  private func kept(_ pictures: Int) -> Int {
    let latents = min(pictures, trainedAtOnce ?? pictures) * latentSize * latentSize
    let bytes = recomputes(pictures: pictures) ? Self.bytesOfLatent : Self.bytesOfKeptLatent
    return latents * bytes / Self.usualWidth * width
  }

  /// Channels of the U-Net's first level.
  private var width: Int {
    layout.configs[.unet]?["block_out_channels"]?.array?.first?.int ?? Self.usualWidth
  }

  /// That of SD 1, 2 and XL.
  private static let usualWidth = 320
  /// Maps at the size of the latents, by a count of the layers: seven that wait for the way up, and those of one feed-forward
  /// layer.
  private static let drawnMaps = 25

  /// The memory of the device with CPU offload, by the component that is on it, beside that of all at once.
  /// - Parameter type: the type that the networks compute in
  package func offloadSentence(batch: Int, computing type: ComputeType) -> String {
    var moments: [(name: String, bytes: Int)] = []
    for (name, bytes) in parts(in: type) {
      let name = name.hasPrefix(Layout.Component.textEncoder.rawValue) ? "text encoding" : name
      if let i = moments.firstIndex(where: { $0.name == name }) {
        moments[i].bytes += bytes
      } else {
        moments.append((name, bytes))
      }
    }
    // The pictures' activations are those of the decoder, or of the U-Net where there is none.
    let decoder = moments.firstIndex { $0.name == Layout.Component.vae.rawValue } ?? 0
    if moments.indices.contains(decoder) {
      moments[decoder].name += " with pictures"
      moments[decoder].bytes += pictures(batch)
    }
    // Weights that are drawn with share the memory of those at rest where they have their type.
    let rests = store.tensors.reduce(0) { sum, weight in
      let own = dtype(of: weight.key, in: type)
      return sum + weight.value.byteCount
        + (weight.value.dtype == own ? 0 : weight.value.count * own.size)
    }
    return "with --offload on a device: \(Self.list(moments)), one at a time; at most "
      + Self.gigabytes(moments.map(\.bytes).max() ?? 0) + ", and "
      + "\(Self.gigabytes(rests)) in the memory of the machine"
  }

  /// Bytes of each component's weights, the largest first.
  private func parts(in type: ComputeType) -> [(name: String, bytes: Int)] {
    var parts: [String: Int] = [:]
    for (path, tensor) in store.tensors {
      parts[String(path.components.first ?? ""), default: 0] +=
        tensor.count * dtype(of: path, in: type).size
    }
    return parts.map { (name: $0.key, bytes: $0.value) }
      .sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
  }

  private func pictures(_ batch: Int) -> Int { batch * imageSize * imageSize * Self.bytesOfPixel }

  private static func list(_ parts: [(name: String, bytes: Int)]) -> String {
    parts.map { "\($0.name) \(gigabytes($0.bytes))" }.joined(separator: ", ")
  }

  private static func gigabytes(_ bytes: Int) -> String {
    bytes >= 1_000_000_000
      ? String(format: "%.2f GB", Double(bytes) / 1e9) : Double(bytes).bytesInWords
  }

  /// The decoder is the fullest moment: about ten maps of 128 channels at the size of the picture.
  private static let bytesOfPixel = 10 * 128 * 4
}
