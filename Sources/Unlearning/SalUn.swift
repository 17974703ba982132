// SalUn: Empowering Machine Unlearning via Gradient-Based Weight Saliency (Fan, Liu, Zhang, Wong, Wei, Liu;
// ICLR 2024):
//
//   m_S = 1[ |grad l_f(theta_0)| >= gamma ],   gamma the median: half of all coordinates        (eq. 4)
//   L = E_Df | sg( eps_theta(x_t | c') ) - eps_theta(x_t | c) |^2 + alpha L_r,   theta moves where m_S = 1   (eq. 8)
//
// l_f: the training loss on the pictures to forget, its gradients summed over `saliencySteps` batches with their sign.
// c': another subject of the kind at random. Without the mask it is random label.
// Differences from the released code: its l_f is the guided prediction's (scale 7.5 on SD, 2 on DDPM), over a whole
// pass of the pictures; c' is the next class; alpha is 0.5 (SD classes), 0.1 (nudity), and 1e-3 of a loss summed over a
// picture (DDPM), about 3 of one averaged; 5 epochs and 1 (SD), 1,000 steps of 128 at 1e-4 (DDPM).
// Published, SD 1.4 on UnlearnCanvas: UA / IRA / CRA 86.3 / 90.4 / 95.1 (styles), 86.9 / 96.4 / 99.6 (objects).
public import Diffusion
public import Editing
public import Torch
internal import TorchNN
public import Training

/// SalUn (Fan et al., ICLR 2024): wrong captions, and steps on the most salient weights alone.
public struct SalUn: DataMethod {
  public static let name = "salun"
  public static let card = MethodCard(
    title: "Saliency unlearning", paper: "arXiv 2310.12508", year: 2024,
    trains: "half of the U-Net's coordinates")

  public var training = Training(steps: 300, batch: 8, rate: 1e-5)
  /// The weights of which the salient ones are trained.
  public var parameters = "full"
  /// Share of coordinates that may move, 0 to 1: the salient ones. Lower it where other prompts change.
  public var share = 0.5
  /// alpha, the weight of keeping, from 0. Raise it where other prompts change.
  public var alpha = 0.5
  /// Batches over which the saliency is summed, from 1. More make it less noisy.
  public var saliencySteps = 20
  public var data = DataOptions()
  public var picturesInPass = 0
  public var guarding = GuardOptions()
  public init() {}
  public static var tiny: SalUn {
    tiny { ($0.data, $0.saliencySteps) = (.tiny, 2) }
  }

  public func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule {
    let sets = try data.sets(erasure, original, run)
    let base = Descent(
      try sets.forgetting(.relabel, training.batch, run) + alpha * sets.retaining(training.batch),
      picturesInPass: picturesInPass)
    let loss = sets.remembering(training.batch)
    var total: [Tensor] = []
    for i in 0..<saliencySteps {
      var step = Step(index: i, seed: run.seed &+ 11)
      let found = try descend(loss, student, tensors, &step, by: picturesInPass).gradients
      if total.isEmpty { total = found } else { Foreach.add(total, found) }
      run.progress("saliency", i + 1, saliencySteps)
    }
    // The student begins with the original's weights, which the masked ones keep.
    let paths = try ParameterSelection.named(parameters).paths(of: original.parameters)
    let decays = training.optimizer.weightDecay != 0
    return Masked(
      base, Masked.largest(share, of: total),
      fixed: decays ? paths.compactMap { original.exact.parameters[$0] } : [])
  }

  /// The mask, and the masked gradients beside the others.
  public func numbers(beside model: DiffusionModel) -> Int {
    numbers(beside: model, further: 2)
  }
}
