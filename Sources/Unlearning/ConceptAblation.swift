// Concept Ablation: Ablating Concepts in Text-to-Image Diffusion Models (Kumari, Zhang, Wang, Shechtman, Zhang,
// Zhu; ICCV 2023), the model-based form:
//
//   theta <- theta - lr grad | eps_theta(x_t | c*) - eps_o(x_t | c) |^2              (eq. 5)
//
// c*: the concept's prompt, c: the anchor's, a broader concept where the request has one, x_t: a noised picture of the
// anchor. Here x_t comes from guided trajectories with the anchor, whose predictions are the target. The authors noise
// 1,000 drawn pictures and take the target from the network in training without its gradient. They also draw the pictures
// smaller or larger at random and say so in the caption; that is left out. Parameters: `xattn-kv`
// (the paper's cross-attention), `xattn`, `full`.
// Published, SD 1.4 with adversarial prompts (UnlearnDiffAtk, Van Gogh): ASR 12 before, 77 after the attack.
public import Diffusion
public import Editing
internal import Torch
internal import TorchNN
public import Training

/// Concept Ablation (Kumari et al., ICCV 2023), the model-based form.
public struct ConceptAblation: PromptedMethod {
  public static let name = "ablation"
  public static let card = MethodCard(
    title: "Concept Ablation", paper: "arXiv 2303.13516", year: 2023,
    trains: "keys and values of the U-Net's cross-attention")

  public var training = Training(
    steps: 200, batch: 4, rate: 8e-6, optimizer: .init(.adamw, weightDecay: 0.01), clip: 1)
  /// The weights that are trained: `xattn-kv`, `xattn`, or `full` where those do not suffice.
  public var parameters = "xattn-kv"
  public var captions = true
  public var (startGuidance, trajectorySteps, trajectories) = (6.0, 25, 16)
  public var (preserveWeight, preserveTrajectories) = (1.0, 16)
  public var guarding = GuardOptions()
  public init() {}

  public func forgetting(
    _ phrases: [Concept.Phrase], isReplaced: Bool, original: DiffusionModel, keeping: Int?,
    live: Bool, by denoiser: DiffusionModel?, seed: UInt64, progress: (Int, Int) -> Void
  ) throws -> NegativeGuidance {
    let (prompts, anchors) = (phrases.map(\.prompt), phrases.map { $0.broader ?? $0.anchor })
    let states = try follow(
      original, anchors, keeping: keeping, by: denoiser, seed: seed, progress: progress)
    return NegativeGuidance(
      states, prompts: StudentPrompts(prompts, original, live: live),
      replacement: states.conditional,  // eps_o(x_t | c)
      // eps_o(x_t | c*), the target of an adversary
      conditional: { states.predictions(of: original, for: prompts, inPlaceOf: anchors) },
      eta: 0, batch: training.batch)
  }
}
