// EraseDiff: Erasing Undesirable Influence in Diffusion Models (Wu, Le, Hayat, Harandi; CVPR 2025):
//
//   min L_r(theta)  subject to  L_f(theta) - min L_f <= 0                              (eq. 4)
//   theta <- theta - zeta (g_r + lambda g_f),   lambda = max(0, eta - <g_r, g_f> / |g_f|^2)   (Theorem 3.1)
//
// L_r: the training loss on pictures to keep; L_f: the loss towards a surrogate on pictures to forget (see
// Surrogate). The rule, and what the paper's inner loop does, are in Bilevel. Parameters: `full`
// (classes), `noxattn` (the authors' for nudity), `xattn`.
// A step costs two passes forward and backward, and one forward for the target of `relabel` unless it has a `pool`.
// Published, SD 1.4 tench, church, parachute, garbage truck under UnlearnDiffAtk: ASR 0 to 6 before, 16 to 82
// after the attack; the released nudity weights give a Frechet distance of 233 in others' hands.
package import Diffusion
package import Editing
package import Torch
internal import TorchNN
package import Training

package struct EraseDiff: TrainedMethod {
  package static let name = "erasediff"
  package static let card = MethodCard(
    title: "EraseDiff", paper: "arXiv 2401.05779", year: 2025, trains: "the U-Net")

  package var training: Training = {
    var t = Training()
    (t.steps, t.batch, t.learningRate) = (160, 16, 1e-5)
    return t
  }()
  package var parameters = "full"
  package var surrogate = Surrogate.Kind.relabel
  package var rule = Bilevel.Lambda.paper
  package var eta = 0.1
  /// States of what is forgotten whose `relabel` targets are computed once; 0, as the paper does, at every step.
  package var pool = 512
  /// K, the inner loop's steps; see ``Bilevel`` for what it does and does not change.
  package var innerSteps = 0
  package var data = DataOptions()
  package var guarding = GuardOptions()
  package init() {}

  package func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule {
    let sets = try data.sets(erasure, original, run)
    return Bilevel(
      retain: sets.retaining(training.batch),
      forget: try sets.forgetting(surrogate, training.batch, pool: pool, run), rule: rule, eta: eta,
      innerSteps: innerSteps, innerRate: training.learningRate)
  }
}
