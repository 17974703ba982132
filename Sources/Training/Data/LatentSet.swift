// The pictures that data-based methods train on, encoded once into a model's latents.
public import Diffusion
package import Processes
public import Torch

/// Pictures to train on, encoded once into a model's latents, with their captions.
public struct LatentSet {
  /// Scaled posterior of each picture: [N, C, h, w]
  public let mean: Tensor
  /// nil where every deviation is 0.
  public let deviation: Tensor?
  /// The caption of each picture.
  public let captions: [String]

  /// Whether half of the pictures that are drawn are mirrored.
  public var mirrors = false
  /// Groups of pictures that are drawn equally often, however many each has; empty draws every picture equally often.
  public var shares: [[Int]] = []

  /// The number of pictures, N.
  public var count: Int { captions.count }

  /// Encodes a folder's pictures with the model's own codec.
  public init(
    _ images: CaptionedImages, _ model: DiffusionModel, progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    try self.init(images, model, together: model.batch(atMost: 16), progress: progress)
  }

  /// The same by batches of a given size.
  /// - Parameter count: pictures that go through the codec at once, from 1
  package init(
    _ images: CaptionedImages, _ model: DiffusionModel, together count: Int,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    try model.schedule.check()
    let codec = try model.codec
    var parts: [(mean: Tensor, deviation: Tensor)] = []
    for first in stride(from: 0, to: images.count, by: count) {
      let some = first..<min(first + count, images.count)
      let pictures = try some.map { i -> Image in
        try Interrupt.check()
        return try images.picture(i, size: model.imageSize)
      }
      let x = Image.batch(pictures).to(model.device)  // [b, 3, H, W]
      parts.append(
        withoutGradients {
          let (mean, logVariance) = codec.posterior(x)
          let center = codec.scaled(mean)
          return (center, codec.scaled(mean + (0.5 * logVariance).exp()) - center)
        })
      progress(some.upperBound, images.count)
    }
    mean = Tensor.concatenate(parts.map(\.mean))
    let spread = Tensor.concatenate(parts.map(\.deviation))
    deviation = spread.flattened().max(0).item > 0 ? spread : nil
    captions = images.captions
    try model.check(captions)
  }

  /// Pictures that the model itself draws, one for each prompt, kept as the latents they are.
  public init(
    drawnBy model: DiffusionModel, _ prompts: [String], steps: Int, guidance: Double, seed: UInt64,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    try self.init(
      drawnBy: model, prompts, steps: steps, guidance: guidance, seed: seed,
      by: Ranks.dividing ?? .alone, progress: progress)
  }

  /// The same by several ranks, which take the batches in turn.
  package init(
    drawnBy model: DiffusionModel, _ prompts: [String], steps: Int, guidance: Double, seed: UInt64,
    by ranks: Ranks, progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    var options = SamplingOptions()
    (options.steps, options.guidance) = (steps, guidance)
    try model.schedule.check()
    try model.check(prompts)
    let batch = model.batch(atMost: 16)
    let parts = try ranks.map(
      (prompts.count + batch - 1) / batch,
      progress: { progress(min($0 * batch, prompts.count), prompts.count) }
    ) { part -> Tensor in
      try Interrupt.check()
      let request: JSON = [
        "pictures": .array(prompts.map(JSON.string)), "steps": .int(steps),
        "guidance": .number(guidance), "seed": JSON(seed), "together": .int(batch),
      ]
      let first = part * batch
      progress(first, prompts.count)
      let some = Array(prompts[first..<min(first + batch, prompts.count)])
      let seeds = some.indices.map { Step(index: first + $0, seed: seed).generator.seed }
      var kept = DrawnParts(of: request, first: first, steps: steps)
      return try withoutGradients {
        try model.latents(given: model.embed(some), seeds: seeds, options) { path in
          _ = kept?.resume(&path, rows: some.count) { _, _ in false }
          model.countEarlier(path.index * some.count * (path.isGuided ? 2 : 1))
        } each: { path in
          if path.isFinished || kept?.ends(before: path.index) == true || Interrupt.isRequested {
            try kept?.write([], path)
          }
          try Interrupt.check()
          progress(first + some.count * path.index / (path.count + 1), prompts.count)
        }
      }
    }
    mean = Tensor.concatenate(parts).to(model.device)
    deviation = nil
    captions = prompts
  }

  /// Given latents [N, C, h, w], as they are.
  public init(_ latents: Tensor, captions: [String]) {
    self.init(mean: latents, deviation: nil, captions: captions)
  }

  /// The same pictures with other captions.
  public func captioned(_ captions: [String]) -> LatentSet {
    var set = LatentSet(mean: mean, deviation: deviation, captions: captions)
    (set.mirrors, set.shares) = (mirrors, shares)
    return set
  }

  /// One picture as a set.
  package func picture(_ i: Int) -> LatentSet {
    LatentSet(
      mean: mean.narrowed(0, i, 1), deviation: deviation?.narrowed(0, i, 1),
      captions: [captions[i]])
  }

  private init(mean: Tensor, deviation: Tensor?, captions: [String]) {
    (self.mean, self.deviation, self.captions) = (mean, deviation, captions)
  }

  private func picks(_ batch: Int, _ g: Generator) -> Tensor {
    guard !shares.isEmpty else { return Tensor.randint(below: count, [batch], g) }
    return Tensor(
      (0..<batch).map { _ in
        let group = shares[Tensor.randint(below: shares.count, [1], g).ints[0]]
        return group[Tensor.randint(below: group.count, [1], g).ints[0]]
      })
  }

  /// A random batch: indices, x_0, noise, timesteps and x_t.
  /// - Parameter times: the timesteps, one a picture; nil draws them
  public func draw(
    _ batch: Int, _ model: DiffusionModel, _ step: Step, at times: [Int]? = nil
  ) -> (picks: [Int], x0: Tensor, eps: Tensor, t: Tensor, xt: Tensor) {
    let g = step.generator
    let picks = picks(batch, g)
    let on = picks.to(mean.device)
    let shape = [batch] + mean.shape.dropFirst()
    // Drawn for every codec, so that later random numbers do not depend on the codec.
    let spread = Tensor.randn(shape, g)
    var x0 = mean.indexed(0, on)
    if let deviation { x0 = x0 + deviation.indexed(0, on) * spread.to(mean.device) }
    if mirrors {
      let flipped = Tensor.rand([batch, 1, 1, 1], g).isLess(than: 0.5).to(mean.device)
      x0 = flipped.select(x0.flipped(3), else: x0)
    }
    let eps = Tensor.randn(shape, g).uploaded(to: mean.device)
    let t = (times.map { Tensor($0) } ?? Tensor.randint(below: model.schedule.steps, [batch], g))
      .to(mean.device)
    return (picks.ints, x0, eps, t, model.schedule.noised(x0, eps, at: t))
  }
}
