package import Torch

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
    try latents(given: c, seeds: seeds, options) { _ in
    } each: {
      try progress($0.index, $0.count)
    }
  }

  /// The same, from a path that may go on from one before.
  /// - Parameters:
  ///   - begin: the path before its first step
  ///   - each: the path behind each step
  package func latents(
    given c: Conditioning, seeds: [UInt64], _ options: SamplingOptions,
    begin: (inout DenoisingPath) throws -> Void, each: (DenoisingPath) throws -> Void
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
    try begin(&path)
    while path.next() != nil { try each(path) }
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

  /// The extents of a picture's latent, where a picture of the size can be drawn.
  /// - Throws: ``LetheError`` of the kind `request` for a size that pictures of this model cannot have, or that does not fit into
  ///   memory
  package func drawable(width: Int?, height: Int?) throws -> (width: Int, height: Int) {
    let (width, height) = (try latentExtent(width), try latentExtent(height))
    try requireMemory(pictures: 1, height * pixelsPerLatent, width * pixelsPerLatent)
    return (width, height)
  }

  /// Width and height of a picture.
  private static let mostExtent = 16_384

  private func latentExtent(_ pixels: Int?) throws -> Int {
    guard let pixels else { return latentSize }
    guard draws(extent: pixels) else {
      throw LetheError.badValue(
        "--width, --height", "a size of \(pixels) pixels; accepted: \(extentsInWords)")
    }
    return pixels / pixelsPerLatent
  }

  /// Whether pictures can have so many pixels on a side.
  package func draws(extent pixels: Int) -> Bool {
    (1...Self.mostExtent).contains(pixels) && pixels % pixelsPerLatent == 0
  }

  /// The pixels that a side can have, in words.
  package var extentsInWords: String {
    "multiples of \(pixelsPerLatent), at most \(Self.mostExtent)"
  }

  /// - Throws: ``LetheError`` of the kind `request` for a width or a height that pictures of this model cannot have
  package func check(width: Int?, height: Int?) throws {
    for pixels in [width, height] { _ = try latentExtent(pixels) }
  }
}
