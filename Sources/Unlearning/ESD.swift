// ESD: Erasing Concepts from Diffusion Models (Gandikota, Materzynska, Fiotto-Kaufman, Bau; ICCV 2023).
//
//   theta <- theta - lr grad | eps_theta(x_t | c) - [ eps_o(x_t | r) - eta (eps_o(x_t | c) - eps_o(x_t | a)) ] |^2   (eq. 7)
//
// r = a: the empty prompt in the paper (`anchored=false`), by default the caption without the concept. With a
// replacement r is that, and a the empty prompt.
// Paper: 1,000 steps at 1e-5, bare names (`captions=false`), nothing preserved (`preserveWeight=0`). The 200 steps at
// 5e-5 are those of the authors' second release; captions and prompts to keep are ours.
// x_t: pure noise denoised part of the way with the concept at guidance 3 (section 4.1). Here the original
// model denoises, as in the authors' second release; in the first one the model in training does, and x_t
// is paired with a t that is 39 to 58 steps noisier. Variants: ESD-x `xattn` (styles),
// ESD-u `noxattn` (objects), `full`, `xattn-kv` (strict), `selfattn`; `text_encoders`,
// or the first N layers `text_encoders:N`, as AdvUnlearn trains.
// Published, SD 1.4 on UnlearnCanvas: UA / IRA / CRA 98.6 / 81.0 / 94.0 (styles), 92.2 / 55.8 / 44.2 (objects).
public import Diffusion
public import Editing
internal import Torch
internal import TorchNN
public import Training

/// ESD (Gandikota et al., ICCV 2023): predictions for the concept are guided away from it.
public struct ESD: PromptedMethod {
  public static let name = "esd"
  public static let card = MethodCard(
    title: "Erased Stable Diffusion", paper: "arXiv 2303.07345", year: 2023,
    trains: "cross-attention of the U-Net")
  public static let variants = [
    // As published, with the concept's name alone and nothing preserved.
    MethodVariant("esd-x", asPublished("xattn")), MethodVariant("esd-u", asPublished("noxattn")),
    // The same under Meta-Unlearning's names, which end in eta. Its own baseline trains 1,000 steps at rate 1e-5 on
    // x_t of the model in training.
    MethodVariant("esd-u-1", asPublished("noxattn", eta: 1)),
    MethodVariant("esd-u-3", asPublished("noxattn", eta: 3)),
    // With captions, their anchors and preserved prompts. The second is the control: a stronger base without a meta
    // part.
    MethodVariant("esd-u-captions-1", ["parameters": "noxattn", "eta": 1]),
    MethodVariant("esd-u-captions-3", ["parameters": "noxattn", "eta": 3]),
  ]

  private static func asPublished(_ parameters: JSON, eta: JSON = 1) -> JSON {
    [
      "parameters": parameters, "eta": eta, "captions": false, "anchored": false,
      "preserveWeight": 0,
    ]
  }

  public var training = Training(steps: 200, batch: 1, rate: 5e-5)
  /// The weights that are trained: `xattn` for styles, `noxattn` for objects, `full`, `xattn-kv`, `selfattn`,
  /// `text_encoders`, or its first N layers as `text_encoders:N`.
  public var parameters = "xattn"
  /// eta, the strength of the negative guidance, from 0: 0 gives the anchor's prediction, 1 is the paper's, 3 erases
  /// more and harms neighbours more.
  public var eta = 1.0
  /// Whether to guide away from the same caption without the concept, so that the rest of it stays. False takes the
  /// empty prompt, as the paper does.
  public var anchored = true
  public var captions = true
  public var (startGuidance, trajectorySteps, trajectories) = (3.0, 50, 8)
  public var (preserveWeight, preserveTrajectories) = (1.0, 16)
  public var guarding = GuardOptions()
  public init() {}

  public func forgetting(
    _ phrases: [Concept.Phrase], isReplaced: Bool, original: DiffusionModel, keeping: Int?,
    live: Bool, by denoiser: DiffusionModel?, seed: UInt64, progress: (Int, Int) -> Void
  ) throws -> NegativeGuidance {
    let prompts = phrases.map(\.prompt)
    let states = try follow(
      original, prompts, keeping: keeping, by: denoiser, seed: seed, progress: progress)
    // r. A caption says more than the concept: "a noto emoji of a fox" should lose noto and stay a fox.
    let anchors =  // eps_o(x_t | r) [N, C, h, w]
      isReplaced || anchored
      ? try states.predictions(
        of: original, for: phrases.map(\.anchor), inPlaceOf: prompts, between: Interrupt.check)
      : nil
    return NegativeGuidance(
      states, prompts: StudentPrompts(prompts, original, live: live),
      replacement: anchors, without: isReplaced ? nil : anchors, eta: eta, batch: training.batch)
  }
}
