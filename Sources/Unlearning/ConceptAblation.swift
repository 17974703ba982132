// Concept Ablation: Ablating Concepts in Text-to-Image Diffusion Models (Kumari, Zhang, Wang, Shechtman, Zhang,
// Zhu; ICCV 2023), the model-based form:
//
//   theta <- theta - lr grad | eps_theta(x_t | c*) - eps_o(x_t | c) |^2              (eq. 5)
//
// c*: the concept's prompt, c: the anchor's, x_t: a noised picture of the anchor. Here x_t comes from
// guided trajectories with the anchor, whose predictions are the target; the authors noise 1,000 drawn
// pictures and take the target from the network in training without its gradient. Parameters:
// `xattn-kv` (the paper's cross-attention), `xattn`, `full`.
// Published, SD 1.4 with adversarial prompts (UnlearnDiffAtk, Van Gogh): ASR 12 before, 77 after the attack.
package import Diffusion
package import Editing
internal import Torch
internal import TorchNN
package import Training

package struct ConceptAblation: PromptedMethod {
  package static let name = "ablation"
  package static let card = MethodCard(
    title: "Concept Ablation", paper: "arXiv 2303.13516", year: 2023,
    trains: "keys and values of the U-Net's cross-attention")

  package var training: Training = {
    var t = Training()
    (t.steps, t.batch, t.learningRate) = (200, 4, 8e-6)
    (t.optimizer, t.clip) = (.init(.adamw, weightDecay: 0.01), 1)
    return t
  }()
  package var parameters = "xattn-kv"
  /// Captions of the concept, where the model lists some; false trains on its name alone.
  package var captions = true
  /// Guidance of the trajectories.
  package var startGuidance = 6.0
  package var trajectorySteps = 25
  /// Walks with anchors for each concept; every state of a walk is a training sample.
  package var trajectories = 16
  /// Weight of keeping the preserved prompts as they are.
  package var preserveWeight = 1.0
  package var preserveTrajectories = 16
  package var guarding = GuardOptions()
  package init() {}

  package func forgetting(
    _ phrases: [Concept.Phrase], isReplaced: Bool, original: DiffusionModel, keeping: Int?,
    live: Bool, seed: UInt64, progress: (Int, Int) -> Void
  ) throws -> NegativeGuidance {
    let states = try DenoisingStates.follow(
      original, phrases.map(\.anchor), steps: trajectorySteps, guidance: startGuidance,
      keeping: keeping,
      seed: seed, progress: progress)
    // What the concept would have given there, which an adversary wants back.
    let concept = states.predictions(
      of: original, given: withoutGradients { original.embed(phrases.map(\.prompt)) })
    return NegativeGuidance(
      states, prompts: StudentPrompts(phrases.map(\.prompt), original, live: live),
      replacement: states.conditional, conditional: concept, eta: 0, batch: training.batch)
  }
}
