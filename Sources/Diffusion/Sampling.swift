package import Torch

/// The options of a drawing.
public struct SamplingOptions: Codable, Sendable, Hashable {
  /// Name of the sampler, one of `lethe list samplers`.
  public var sampler = "ddim"
  /// Denoising steps of a picture, from 1. Fewer are faster and lose detail.
  public var steps = 25
  /// Guidance of the prompt, from 1, which follows the prompt alone. Raise it where pictures miss the prompt, lower it
  /// where they are harsh.
  public var guidance = 7.5
  /// The share of DDPM's noise that DDIM adds anew at each step, 0 to 1 (Song et al., 2021, eq. 16); nil for none.
  public var eta: Double?
  /// Width in pixels; nil is that of the model.
  public var width: Int?
  /// Height in pixels; nil is that of the model.
  public var height: Int?
  /// The prompt that guidance pushes away from; nil for none.
  public var negative: String?
  /// Share, 0 to 1, by which a guided prediction's deviation is that of the prompt's alone (Lin et al., 2024, eq. 16).
  public var rescale: Double?
  /// The type that the networks compute in; nil for the model's own, float32.
  public var dtype: ComputeType?
  /// The defaults, in the type that the program computes in.
  public init() { dtype = ComputeType.usual }

  /// The guidance of evaluations, attacks and sets of pictures where none is named.
  package static let trialGuidance = 4.0
}

/// x_T ... x_0 with classifier-free guidance inside, one step each time it is asked; the caller
/// stops where it likes.
///
///   eps~ = eps(empty) + s (eps(c) - eps(empty))                    (Ho & Salimans, 2022)
package struct DenoisingPath: Sequence, IteratorProtocol {
  package struct State {
    /// The training step that `x` is at, before the step that leads on from it.
    package let timestep: Double
    package let x: Tensor
    /// eps(x_t | empty); nil on a path without guidance.
    package let unconditional: Tensor?
    /// eps(x_t | c)
    package let conditional: Tensor

    /// The state of one picture.
    package func row(_ i: Int) -> State {
      guard x.size(0) > 1 else { return self }
      return State(
        timestep: timestep, x: x.narrowed(0, i, 1), unconditional: unconditional?.narrowed(0, i, 1),
        conditional: conditional.narrowed(0, i, 1))
    }
  }
  package private(set) var x: Tensor
  package private(set) var index = 0

  private let model: DiffusionModel
  private var sampler: any Sampler
  private let conditioning: Conditioning
  private let isGuided: Bool
  private let guidance: Double
  private let rescale: Double
  private let generators: [Generator]
  /// The network's pass: scaled x [B, C, h, w], t [B] -> its output.
  private let network: (Tensor, Tensor) -> Tensor

  /// - Parameters:
  ///   - empty: the empty prompt's row, which guidance needs; nil follows the prompts alone
  ///   - guidance: s
  ///   - generators: one a picture; each draws its own starting noise, so a seed means the same
  ///     picture in every batch and on every device
  package init(
    _ model: DiffusionModel, _ sampler: any Sampler, given c: Conditioning, empty: Conditioning?,
    guidance: Double, rescale: Double = 0, height: Int, width: Int, generators: [Generator]
  ) {
    (self.model, self.sampler, self.guidance) = (model, sampler, guidance)
    self.rescale = rescale
    self.generators = generators
    let shape = [1, model.unet.inChannels, height, width]
    let noise = Tensor.concatenate(generators.map { Tensor.randn(shape, $0) }, 0)
    x = noise.uploaded(to: model.device) * sampler.initialScale
    isGuided = empty != nil
    let given = empty.map { Conditioning.concatenate([$0.repeated(c.count), c]) } ?? c
    conditioning = given
    let cache = KeyValueCache()
    let pass = model.recorded(
      pictures: given.count, height, width, passes: sampler.timesteps.count
    ) { [model.predict($0[0], at: $0[1], given: given, cache: cache)] }
    network = { pass([$0, $1])[0] }
  }

  package var isFinished: Bool { index == sampler.timesteps.count }
  package var count: Int { sampler.timesteps.count }

  /// The state before the next step, or nil at the end; ``x`` is then the result.
  package mutating func next() -> State? {
    guard !isFinished else { return nil }
    return withoutGradients {
      let (before, timestep) = (x, sampler.timesteps[index])
      let scaled = sampler.input(before, index)
      let input = isGuided ? Tensor.concatenate([scaled, scaled], 0) : scaled
      let t = Tensor.full([conditioning.count], timestep, on: model.device)
      let predicted = network(input, t)
      let parts = isGuided ? predicted.chunks(2, 0) : [predicted]
      let (e0, ec) = (isGuided ? parts[0] : nil, parts[parts.count - 1])
      let output = e0.map { guided($0, ec) } ?? ec
      let (shape, device, generators) = (x.shape, x.device, self.generators)
      x = sampler.step(output, index, before) {
        let one = [1] + shape.dropFirst()
        return Tensor.concatenate(generators.map { Tensor.randn(one, $0) }, 0).uploaded(to: device)
      }
      index += 1
      return State(timestep: timestep, x: before, unconditional: e0, conditional: ec)
    }
  }
}

extension DenoisingPath {
  /// eps~, with its deviation moved towards that of eps(c):
  ///
  ///   phi eps~ std(eps(c)) / std(eps~) + (1 - phi) eps~               (Lin et al., 2024, eqs. 15-16)
  private func guided(_ e0: Tensor, _ ec: Tensor) -> Tensor {
    let whole = e0 + guidance * (ec - e0)
    guard rescale > 0 else { return whole }
    func deviation(_ x: Tensor) -> Tensor {
      x.flattened(from: 1).variance(1, correction: 1).sqrt().unsqueezed(-1, -1, -1)
    }
    return whole * (rescale * (deviation(ec) / deviation(whole)) + (1 - rescale))
  }
}

extension DiffusionModel {
  /// Pictures of `prompts`, one for each seed.
  /// - Throws: ``LetheError`` for unknown samplers, step counts or sizes
  public func images(
    _ prompts: [String], seeds: [UInt64], _ options: SamplingOptions,
    progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> [Image] {
    try images(
      given: withoutGradients { embed(prompts) }, seeds: seeds, options, progress: progress)
  }

  /// - Throws: ``LetheError`` of the kind `model` also for a picture whose numbers are not finite
  public func images(
    given c: Conditioning, seeds: [UInt64], _ options: SamplingOptions,
    progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> [Image] {
    try zip(seeds, finiteImages(given: c, seeds: seeds, options, progress: progress)).map {
      guard let image = $1 else { throw Self.notFinite("the picture of seed \($0)") }
      return image
    }
  }

  /// Pictures, one for each seed; nil for those that the model leads to numbers that are not finite.
  package func finiteImages(
    given c: Conditioning, seeds: [UInt64], _ options: SamplingOptions,
    progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> [Image?] {
    if let dtype = options.dtype, dtype != computeType {
      let drawer = try drawing(in: dtype)
      let before = drawer.evaluations
      defer { evaluations += drawer.evaluations - before }
      return try drawer.finiteImages(given: c, seeds: seeds, options, progress: progress)
    }
    let codec = try codec
    return try withoutGradients {
      let z = try latents(given: c, seeds: seeds, options, progress: progress)
      let pixels = codec.decode(z)
      return (0..<seeds.count).map { i in
        z[0, at: i].isFinite && pixels[0, at: i].isFinite ? Image(pixels[0, at: i]) : nil
      }
    }
  }

  package static func notFinite(_ picture: String) -> LetheError {
    .model(
      "\(picture) has values that are no finite numbers; the weights, the erasers or the guidance are too large"
    )
  }

  /// Scaled latents of the pictures [B, C, h, w].
  package func latents(
    given c: Conditioning, seeds: [UInt64], _ options: SamplingOptions,
    progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> Tensor {
    precondition(c.count == seeds.count, "\(c.count) prompts and \(seeds.count) seeds")
    let height = try latentExtent(options.height)
    let width = try latentExtent(options.width)
    guard options.guidance.isFinite else {
      throw LetheError.request(
        "a guidance scale of \(options.guidance); accepted: a finite number, 1 for none")
    }
    try requireMemory(pictures: seeds.count, height * pixelsPerLatent, width * pixelsPerLatent)
    let sampler = try Samplers.make(options, schedule)
    let isGuided = options.guidance > 1 && !unet.takesGuidance
    var c = c
    if unet.takesGuidance { c.guidance = options.guidance }
    let rescale = options.rescale ?? 0
    guard (0...1).contains(rescale) else {
      throw LetheError.badValue("--guidance-rescale", "\(rescale); accepted: 0 to 1")
    }
    if isGuided { try check([options.negative ?? ""]) }
    let empty =
      isGuided
      ? withoutGradients { options.negative.map { embed([$0]) } ?? embedNothing() } : nil
    var path = DenoisingPath(
      self, sampler, given: c, empty: empty, guidance: options.guidance, rescale: rescale,
      height: height, width: width, generators: seeds.map(Generator.init(seed:)))
    while path.next() != nil { try progress(path.index, path.count) }
    return path.x
  }

  /// Refuses pictures that do not fit into memory, before the first step.
  private func requireMemory(pictures: Int, _ height: Int, _ width: Int) throws {
    guard device == .cpu else { return }
    // A decoder has at least twice its input and its output at full size; the narrowest levels have 32 channels or so.
    let pixels = Double(pictures) * Double(height) * Double(width)
    try Memory.require(
      pixels * 4 * (pixelsPerLatent > 1 ? 2 * 32 : 2 * 3),
      for:
        "\(pictures == 1 ? "a picture" : "\(pictures) pictures at a time") of \(width) x \(height)",
      "a smaller --batch, or smaller pictures")
  }

  /// Width and height of a picture.
  private static let mostExtent = 16_384

  private func latentExtent(_ pixels: Int?) throws -> Int {
    guard let pixels else { return latentSize }
    guard (1...Self.mostExtent).contains(pixels), pixels % pixelsPerLatent == 0 else {
      throw LetheError.badValue(
        "--width, --height",
        "a size of \(pixels) pixels; accepted: multiples of \(pixelsPerLatent), at most \(Self.mostExtent)"
      )
    }
    return pixels / pixelsPerLatent
  }

  /// - Throws: ``LetheError`` of the kind `request` for a width or a height that pictures of this model cannot have
  package func check(width: Int?, height: Int?) throws {
    for pixels in [width, height] { _ = try latentExtent(pixels) }
  }
}
