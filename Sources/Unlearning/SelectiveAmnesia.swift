// Selective Amnesia (Heng & Soh, NeurIPS 2023), forgetting as continual learning:
//
//   L = E_q(x|c_f) [ l(x, c_f) ] + gamma E_replay [ l(x, c) ] + lambda sum_i F_i (theta_i - theta*_i)^2   (eq. 6)
//   F_i = E_x [ ( d/dtheta_i sum_t l_t(x, c) )^2 ]
//
// l: squared error of the noise, summed over a picture. q: what the forgotten caption should mean instead, uniform
// noise in [-1, 1] (the paper's for DDPM, `noise`) or the model's pictures of what stands for the concept
// (`anchor`). Replay: the model's own pictures of the preserved prompts. The sum over all t is estimated from
// `fisherTimes` of them for each of `fisherPictures` pictures, which adds the estimate's variance to F.
// Published, CIFAR-10 airplane: P(airplane) 0.156, entropy 1.47, FID 9.08 (original 9.67).
public import Diffusion
public import Editing
public import Torch
internal import TorchNN
public import Training

public struct SelectiveAmnesia: DataMethod {
  public static let name = "amnesia"
  public static let card = MethodCard(
    title: "Selective Amnesia", paper: "arXiv 2305.10120", year: 2023, trains: "the U-Net")

  public enum Instead: String, Codable, Sendable, CaseIterable { case noise, anchor }

  /// The course of the training.
  public var training = Training(steps: 300, batch: 16, rate: 1e-5, clip: 1)
  /// The weights that are trained: `full`, or `xattn` for least harm.
  public var parameters = "full"
  /// q, the pictures that the forgotten captions get: `noise`, the paper's for DDPM, or the model's own pictures of
  /// the `anchor`, the caption without the concept.
  public var instead = Instead.anchor
  /// gamma, the weight of replay, from 0. Raise it where preserved prompts change.
  public var gamma = 1.0
  /// lambda, the weight of staying near the original where F says it matters, from 0: 1e-5 to 100. F grows with the
  /// size of the pictures, so that each model needs its own.
  public var lambda = 10.0
  /// Pictures over which F is averaged, from 1. More make it less noisy; each costs a pass and its gradient.
  public var fisherPictures = 64
  /// Times of each of them that are drawn, from 1, instead of all.
  public var fisherTimes = 20
  /// The pictures to forget and to keep.
  public var data = DataOptions()
  /// The guard, which stops a training that ruins prompts to keep.
  public var guarding = GuardOptions()
  public init() {}
  public static var tiny: SelectiveAmnesia {
    tiny { ($0.data, $0.fisherPictures, $0.fisherTimes) = (.tiny, 2, 2) }
  }

  public func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule {
    let replay = try data.replaySet(erasure, original, run)
    let learned = try surrogates(erasure, original, run)
    let size = Double(replay.mean[0, at: 0].count)  // numbers of a picture
    let descent = Descent(
      size * (Denoising(learned, original, batch: training.batch) as any Objective)
        + gamma * size * (Denoising(replay, original, batch: training.batch) as any Objective))
    return ElasticWeightConsolidation(
      descent, fisher: try fisher(replay, student, tensors, size, run),
      anchor: tensors.map { $0.detached().cloned() }, lambda: lambda)
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
  private func fisher(
    _ set: LatentSet, _ model: DiffusionModel, _ tensors: [Tensor], _ size: Double, _ run: Run
  ) throws -> [Tensor] {
    let total = tensors.map { Tensor.zeros($0.shape, on: $0.device) }
    let scale = size * Double(model.schedule.steps)  // mean over times and numbers -> sums
    for i in 0..<fisherPictures {
      try Interrupt.check()
      let one = Denoising(set.picture(i % set.count), model, batch: fisherTimes)
      var step = Step(index: i, seed: run.seed &+ 12)
      let found = descend(try one.loss(model, &step), tensors).gradients
      withoutGradients {
        Foreach.scale(found, by: scale)
        Foreach.add(total, found.map { $0.squared() }, times: 1 / Double(fisherPictures))
      }
      run.progress("Fisher information", i + 1, fisherPictures)
    }
    return total
  }
}
