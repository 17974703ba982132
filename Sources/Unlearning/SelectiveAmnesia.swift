// Selective Amnesia (Heng & Soh, NeurIPS 2023), forgetting as continual learning:
//
//   L = E_q(x|c_f) [ l(x, c_f) ] + gamma E_replay [ l(x, c) ] + lambda sum_i F_i (theta_i - theta*_i)^2   (eq. 6)
//   F_i = E_x [ ( d/dtheta_i sum_t l_t(x, c) )^2 ]                                  (see FisherInformation)
//
// l: squared error of the noise, a mean over the numbers of a picture. q: the pictures that the forgotten caption
// should mean instead. They are uniform noise in [-1, 1] (the paper's for DDPM, `noise`; in latents where the model has
// them) or the model's pictures of another caption (`anchor`, the authors' for Stable Diffusion). Replay: the model's
// own pictures of the preserved prompts. F is estimated from `fisherTimes` of the T timesteps for each of
// `fisherPictures` pictures, without bias.
// lambda is that of a mean: 50 is the authors' for Stable Diffusion. Their DDPM code sums l over a picture, so that its
// lambda 10 is 10 d here with d numbers in a picture: 30,720 for CIFAR-10.
// Differences from the released code: F there is of 5,000 pictures of all classes, the forgotten one too, at all T =
// 1,000 timesteps, its DDPM pictures in [0, 1] instead of [-1, 1]; Stable Diffusion is trained by AdamW (weight decay
// 0.01) at 1.6e-4 over 200 passes (celebrities) or 500 (nudity, `noxattn`) of 1,000 pictures, DDPM by Adam at 1e-4 over
// 20,000 steps of 128 with a moving average of 0.9999.
// Published, CIFAR-10 airplane: P(airplane) 0.156, entropy 1.47, FID 9.08 (original 9.67).
public import Diffusion
public import Editing
public import Torch
internal import TorchNN
public import Training

/// Selective Amnesia (Heng & Soh, NeurIPS 2023): a surrogate for the concept, replay, and elastic weight consolidation.
public struct SelectiveAmnesia: DataMethod {
  public static let name = "amnesia"
  public static let card = MethodCard(
    title: "Selective Amnesia", paper: "arXiv 2305.10120", year: 2023, trains: "the U-Net")

  /// The surrogate for the concept: pictures of noise, or of the anchor.
  public enum Instead: String, Choice { case noise, anchor }

  public var training = Training(steps: 300, batch: 16, rate: 1e-5, clip: 1)
  /// The weights that are trained: `full`, or `xattn` for least harm.
  public var parameters = "full"
  /// q, the pictures that the forgotten captions get: `noise`, the paper's for DDPM, or the model's own pictures of
  /// the `anchor`, the caption without the concept.
  public var instead = Instead.anchor
  /// gamma, the weight of replay, from 0. Raise it where preserved prompts change.
  public var gamma = 1.0
  /// lambda, the weight of staying near the original where F says it matters, from 0: 0.1 to 1e5. Lower it where the
  /// concept stays, raise it where preserved prompts change.
  public var lambda = 50.0
  /// Pictures over which F is averaged, from 1. More make it less noisy.
  public var fisherPictures = 32
  /// Timesteps of each of them, from 2, instead of all. Each costs a pass and its gradient; more make F less noisy.
  public var fisherTimes = 100
  public var data = DataOptions()
  public var picturesInPass = 0
  public var guarding = GuardOptions()
  public init() {}
  public static var tiny: SelectiveAmnesia {
    tiny { ($0.data, $0.fisherPictures, $0.fisherTimes) = (.tiny, 2, 4) }
  }

  /// Pictures to keep are the model's own, whatever folders there are.
  public func check(_ erasure: Erasure, of model: DiffusionModel) throws {
    _ = try selection(of: model)
    var own = erasure
    own.retainImages = nil
    try DataOptions.checkRetained(own)
  }

  public func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule {
    if erasure.forgetImages != nil || erasure.retainImages != nil {
      run.note(
        "\(Self.name) draws its pictures itself, as the paper does; no folder of pictures is read")
    }
    let replay = try data.replaySet(erasure, original, run)
    let learned = try surrogates(erasure, original, run)
    let descent = Descent(
      Denoising(learned, original, batch: training.batch)
        + gamma
        * Denoising(
          replay, original, batch: training.batch, emptyShare: data.share(for: original)),
      picturesInPass: picturesInPass)
    let paths = try ParameterSelection.named(parameters).paths(of: student.parameters)
    return ElasticWeightConsolidation(
      descent, fisher: try fisher(replay, student, tensors, seed: run.seed &+ 12, run),
      anchor: paths.compactMap { original.exact.parameters[$0] }, lambda: lambda)
  }

  /// Pictures of q with the captions that are to be forgotten.
  private func surrogates(
    _ erasure: Erasure, _ model: DiffusionModel, _ run: Run
  ) throws -> LatentSet {
    let phrases = erasure.drawPhrases(
      max(1, data.forget / max(1, erasure.forget.count)), seed: run.seed &+ 1)
    switch instead {
    case .noise:
      let shape = [phrases.count, model.unet.inChannels, model.latentSize, model.latentSize]
      let noise = Tensor.rand(shape, Generator(seed: run.seed &+ 2)) * 2 - 1
      return LatentSet(noise.to(model.device), captions: phrases.map(\.prompt))
    case .anchor:
      return try LatentSet(
        drawnBy: model, phrases.map(\.anchor), steps: data.steps, guidance: data.guidance,
        seed: run.seed &+ 2
      ) { run.progress("pictures instead", $0, $1) }.captioned(phrases.map(\.prompt))
    }
  }

  /// F, one tensor a parameter.
  func fisher(
    _ set: LatentSet, _ model: DiffusionModel, _ tensors: [Tensor], seed: UInt64, _ run: Run
  ) throws -> [Tensor] {
    let captions = withoutGradients { model.embed(set.captions) }
    return try FisherInformation(
      pictures: fisherPictures, times: fisherTimes, of: model.schedule.steps
    ).diagonal(like: tensors, seed: seed) {
      run.progress("Fisher information", $0, $1)
    } earlier: {
      model.countEarlier($0)
    } gradient: { i, times, step in
      let i = i % set.count
      let count = picturesInPass > 0 ? picturesInPass : model.trainedAtOnce ?? times.count
      var total: [Tensor] = []  // sum_t d l_t / d theta
      for first in stride(from: 0, to: times.count, by: count) {
        try Interrupt.check()
        let some = Array(times[first..<min(first + count, times.count)])
        let d = set.picture(i).draw(some.count, model, step, at: some)
        let c = captions.rows(Array(repeating: i, count: some.count))
        let loss = model.predict(d.xt, at: d.t, given: c)
          .meanSquaredError(model.schedule.target(d.x0, d.eps, at: d.t))
        let found = descend(Double(some.count) * loss, tensors).gradients
        if total.isEmpty { total = found } else { Foreach.add(total, found) }
      }
      return total
    }
  }

  /// F.
  public func numbers(beside model: DiffusionModel) -> Int {
    numbers(beside: model, further: 1)
  }
}
