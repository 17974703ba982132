// ESD: Erasing Concepts from Diffusion Models (Gandikota, Materzynska, Fiotto-Kaufman, Bau; ICCV 2023).
//
//   theta <- theta - lr grad | eps_theta(x_t | c) - [ eps_o(x_t | r) - eta (eps_o(x_t | c) - eps_o(x_t | empty)) ] |^2   (eq. 7)
//
// x_t: pure noise denoised part of the way with the concept at guidance 3 (section 4.1). Here the
// original model trajectories, as in the authors' second release; the first one trajectories with the trained
// model and pairs x_t with a t that is 39 to 58 steps noisier. Variants: ESD-x `xattn` (styles),
// ESD-u `noxattn` (objects), `full`, `xattn-kv` (strict), `selfattn`; `text_encoder`,
// or its first N layers `text_encoder:N`, as AdvUnlearn trains.
// Published, SD 1.4 on UnlearnCanvas: UA / IRA / CRA 98.6 / 81.0 / 94.0 (styles), 92.2 / 55.8 / 44.2 (objects).
package import Diffusion
package import Editing
internal import Torch
internal import TorchNN
package import Training

package struct ESD: PromptedMethod {
  package static let name = "esd"
  package static let card = MethodCard(
    title: "Erased Stable Diffusion", paper: "arXiv 2303.07345", year: 2023,
    trains: "cross-attention of the U-Net")

  package var training: Training = {
    var t = Training()
    (t.steps, t.batch, t.learningRate) = (200, 1, 5e-5)
    return t
  }()
  package var parameters = "xattn"
  /// eta, the strength of the negative guidance.
  package var eta = 1.0
  /// Guide away from the same caption without the concept; false takes the empty prompt.
  package var anchored = true
  /// Captions of the concept, where the model lists some; false trains on its name alone, as published.
  package var captions = true
  /// s_g, the guidance of the trajectories.
  package var startGuidance = 3.0
  package var trajectorySteps = 50
  /// Walks for each concept; every state of a walk is a training sample.
  package var trajectories = 8
  /// Weight of keeping the preserved prompts as they are; 0 is the paper's method.
  package var preserveWeight = 1.0
  /// Walks with preserved prompts, a prompt each, of which every fourth state is kept.
  package var preserveTrajectories = 16
  package var guarding = GuardOptions()
  package init() {}

  package func forgetting(
    _ phrases: [Concept.Phrase], isReplaced: Bool, original: DiffusionModel, keeping: Int?,
    live: Bool, seed: UInt64, progress: (Int, Int) -> Void
  ) throws -> NegativeGuidance {
    let states = try DenoisingStates.follow(
      original, phrases.map(\.prompt), steps: trajectorySteps, guidance: startGuidance,
      keeping: keeping,
      seed: seed, progress: progress)
    // A caption says more than the concept: "a noto emoji of a fox" should lose noto and stay a fox.
    let anchors =
      isReplaced || anchored
      ? states.predictions(
        of: original, given: withoutGradients { original.embed(phrases.map(\.anchor)) }) : nil
    return NegativeGuidance(
      states, prompts: StudentPrompts(phrases.map(\.prompt), original, live: live),
      replacement: anchors, without: isReplaced ? nil : anchors, eta: eta, batch: training.batch)
  }
}
