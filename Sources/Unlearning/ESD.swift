// ESD: Erasing Concepts from Diffusion Models (Gandikota, Materzynska, Fiotto-Kaufman, Bau; ICCV 2023).
//
//   theta <- theta - lr grad | eps_theta(x_t | c) - [ eps_o(x_t | r) - eta (eps_o(x_t | c) - eps_o(x_t | empty)) ] |^2   (eq. 7)
//
// x_t: pure noise denoised part of the way with the concept at guidance 3 (section 4.1). Here the
// original model walks, as in the authors' second release; the first one walks with the trained
// model and pairs x_t with a t that is 39 to 58 steps noisier. Variants: ESD-x `xattn` (styles),
// ESD-u `noxattn` (objects), `full`, `xattn-kv` (strict), `selfattn`.
// Published, SD 1.4 on UnlearnCanvas: UA / IRA / CRA 98.6 / 81.0 / 94.0 (styles), 92.2 / 55.8 / 44.2 (objects).
public import Diffusion
public import Editing
internal import Torch
internal import TorchNN
public import Training

public struct ESD: ObjectiveMethod {
  public static let name = "esd"
  public static let card = MethodCard(
    title: "Erased Stable Diffusion", paper: "arXiv 2303.07345", year: 2023,
    trains: "cross-attention of the U-Net")

  public var training: Training = {
    var t = Training()
    (t.steps, t.batch, t.learningRate) = (200, 1, 5e-5)
    return t
  }()
  public var parameters = "xattn"
  /// eta, the strength of the negative guidance.
  public var eta = 1.0
  /// Guide away from the same caption without the concept; false takes the empty prompt.
  public var anchored = true
  /// s_g, the guidance of the walks.
  public var startGuidance = 3.0
  public var walkSteps = 50
  /// Walks for each concept; every state of a walk is a training sample.
  public var walks = 8
  /// Weight of keeping the preserved prompts as they are; 0 is the paper's method.
  public var preserveWeight = 1.0
  /// Walks with preserved prompts, a prompt each, of which every fourth state is kept.
  public var preserveWalks = 16
  public var guarding = Guarding()
  public init() {}

  public func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    let chosen = erasure.drawPhrases(walks, seed: run.seed &+ 1)
    let states = try DenoisingStates.walk(
      original, chosen.map(\.prompt), steps: walkSteps, guidance: startGuidance, seed: run.seed &+ 2
    ) { run.progress("walks", $0, $1) }
    // A caption says more than the concept: "a noto emoji of a fox" should lose noto and stay a fox.
    let isReplaced = erasure.forget.contains(where: \.isReplaced)
    let anchors =
      isReplaced || anchored
      ? states.predictions(
        of: original, given: withoutGradients { original.embed(chosen.map(\.anchor)) }) : nil
    let forget = NegativeGuidance(
      states, prompts: withoutGradients { original.embed(chosen.map(\.prompt)) },
      replacement: anchors, without: isReplaced ? nil : anchors, eta: eta, batch: training.batch)
    return try forget.preserving(
      erasure.preserve, of: original, weight: preserveWeight, walks: preserveWalks,
      steps: walkSteps, guidance: startGuidance, batch: training.batch, run)
  }
}
