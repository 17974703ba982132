// DDIM step by step (Song et al., 2021, eqs. 12 and 16), for attacks that act between the steps.
//
//   x0 = (x_t - sqrt(1 - a_t) eps) / sqrt(a_t)
//   x_s = sqrt(a_s) x0 + sqrt(|1 - a_s - sigma^2|) eps + f sigma z,   sigma = eta sqrt((1 - a_s) / (1 - a_t) (1 - a_t / a_s))
//
// With s > t and sigma 0 the same formula leads back to noise.
internal import Diffusion
internal import Torch

struct GuidedDDIM {
  /// Descending training steps.
  let timesteps: [Int]
  private let schedule: NoiseSchedule
  private let guidance: Double
  private let negative: String
  /// a beyond the last step: 1 where the schedule says `set_alpha_to_one`.
  private let last: Double

  init(_ model: DiffusionModel, _ sampling: SamplingOptions) throws {
    schedule = model.schedule
    timesteps = try DDIM(schedule, steps: sampling.steps).timesteps.map { Int($0) }
    guidance = sampling.guidance
    negative = sampling.negative ?? ""
    try model.check(guidance > 1 ? [negative] : [])
    last = DDIM.finalAlphaBar(schedule)
  }

  /// The noise that a picture's drawing begins with, [B, C, h, w].
  /// - Throws: ``LetheError`` of the kind `request` for a size that pictures of this model cannot have
  static func noise(
    _ model: DiffusionModel, seeds: [UInt64], _ sampling: SamplingOptions
  ) throws -> ([Generator], Tensor) {
    let generators = seeds.map(Generator.init(seed:))
    try model.check(width: sampling.width, height: sampling.height)
    let (height, width) = (sampling.height, sampling.width)
    let shape = [
      1, model.unet.inChannels, height.map { $0 / model.pixelsPerLatent } ?? model.latentSize,
      width.map { $0 / model.pixelsPerLatent } ?? model.latentSize,
    ]
    return (
      generators,
      Tensor.concatenate(generators.map { Tensor.randn(shape, $0) }).uploaded(to: model.device)
    )
  }

  private func alpha(_ i: Int) -> Double {
    i < timesteps.count ? Double(schedule.alphaBar[timesteps[i]]) : last
  }

  /// The prediction of a model that is told step `i` for x [B, C, h, w], as x0 and eps, with guidance.
  /// - Parameter level: the step that x is at; nil for `i`
  func predicted(
    _ model: DiffusionModel, _ x: Tensor, _ i: Int, at level: Int? = nil, given c: Conditioning
  ) -> (x0: Tensor, eps: Tensor) {
    let t = Tensor.full([x.size(0)], Double(timesteps[i])).to(model.device)
    var output = model.predict(x, at: t, given: c)
    if guidance > 1 {
      let empty = model.embedKept(negative).repeated(x.size(0))
      let e0 = model.predict(x, at: t, given: empty)
      output = e0 + guidance * (output - e0)
    }
    let a = alpha(level ?? i)
    return schedule.prediction.split(
      output, x, signal: a.squareRoot(), noise: (1 - a).squareRoot())
  }

  /// x at step `j` from the prediction at step `i`.
  func step(
    _ p: (x0: Tensor, eps: Tensor), from i: Int, to j: Int, eta: Double = 0, factor: Double = 1,
    _ generators: [Generator] = []
  ) -> Tensor {
    let (at, a) = (alpha(i), alpha(j))
    let sigma = j > i ? eta * max(0, (1 - a) / (1 - at) * (1 - at / a)).squareRoot() : 0
    let mean =
      a.squareRoot() * p.x0 + abs(1 - a - sigma * sigma).squareRoot() * p.eps
    guard sigma > 0 else { return mean }
    let one = [1] + p.x0.shape.dropFirst()
    let z = Tensor.concatenate(generators.map { Tensor.randn(one, $0) }).uploaded(to: mean.device)
    return mean + factor * sigma * z
  }

  /// Pictures of latents [B, C, h, w].
  /// - Throws: ``LetheError`` of the kind `model` for numbers that are not finite
  static func images(_ z: Tensor, by model: DiffusionModel) throws -> [Image] {
    let pixels = try model.codec.decode(z)
    guard pixels.isFinite else { throw DiffusionModel.notFinite("a picture of an attack") }
    return (0..<z.size(0)).map { Image(pixels[0, at: $0]) }
  }
}
