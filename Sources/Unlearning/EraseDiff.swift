// EraseDiff: Erasing Undesirable Influence in Diffusion Models (Wu, Le, Hayat, Harandi; CVPR 2025):
//
//   min L_r(theta)  subject to  L_f(theta) - min L_f <= 0                              (eq. 4)
//   theta <- theta - zeta (g_r + lambda g_f),   lambda = max(0, eta - <g_r, g_f> / |g_f|^2)   (Theorem 3.1)
//
// L_r: the training loss on pictures to keep; L_f: the loss towards a surrogate on pictures to forget (see
// Surrogate). The rule and the paper's inner loop are in Bilevel, with two rules that are ours: `preconditioned` holds for
// this step's own share of Adam's step, `adam` for the whole step. Parameters: `full` (classes), `noxattn` (the authors'
// for nudity), `xattn`.
// Differences from the released code: its lambda is fixed (0.1 for DDPM, 1 for Stable Diffusion); its surrogate is "a
// photo of a pokemon" (Stable Diffusion) or one class other than 0 for a whole batch (DDPM); on Stable Diffusion its
// pictures to forget are the first batch again and again; DDPM takes 288 steps of 128 at 1e-4 with clip 1 and an
// average of 0.99. On Stable Diffusion its restored weights and its pass of outer steps stand inside the inner loop, so
// that of K = 2 the outer steps of the first are undone and only those of the last stay; here every outer step stays.
// There the two predictions of the loss to forget see two independent samples of the VAE for one picture, with the same
// noise and timestep; here both see one sample.
// Differences from the paper: the targets of 512 states are computed once, by the original (`pool=0` computes them at
// every step, by the model in training); a tenth of the pictures to keep are shown without caption
// (`data.emptyShare=0` shows none so).
// A step costs two passes forward and backward, and one forward for the target of `relabel` unless it has a `pool`.
// Published, SD 1.4 tench, church, parachute, garbage truck under UnlearnDiffAtk: ASR 0 to 6 before, 16 to 82
// after the attack; the released nudity weights give a Frechet distance of 233 in others' hands.
public import Diffusion
public import Editing
public import Torch
internal import TorchNN
public import Training

/// EraseDiff (Wu et al., CVPR 2025): the bilevel rule on pictures to forget and to keep.
public struct EraseDiff: DataMethod {
  public static let name = "erasediff"
  public static let card = MethodCard(
    title: "EraseDiff", paper: "arXiv 2401.05779", year: 2025, trains: "the U-Net")

  /// The rules for lambda.
  public enum LambdaRule: String, Choice { case paper, preconditioned, adam, fixed, cosine }

  public var training = Training(steps: 160, batch: 16, rate: 1e-5)
  /// The weights that are trained: `full` for classes, `noxattn` for nudity, `xattn` for least harm.
  public var parameters = "full"
  /// Stand-in for the forgotten pictures' target: `relabel`, another caption's prediction, or `noise`, for models
  /// without captions.
  public var surrogate = Surrogate.Kind.relabel
  /// Rule for lambda, the weight of forgetting: `paper` (Theorem 3.1), `preconditioned`, the same for this step's own
  /// share of Adam's step, `adam`, the same for the whole step, or `fixed` and `cosine` as the released code has them.
  public var lambdaRule = LambdaRule.paper
  /// eta of the rules `paper`, `preconditioned`, `adam` and `cosine`, the least share of a gradient step by which L_f
  /// falls, from 0: 0.1 to 2. Raise it where the concept stays.
  public var eta = 0.1
  /// lambda of the rule `fixed`, from 0: 0.1 in the released DDPM command, 1 in those of Stable Diffusion. Raise it
  /// where the concept stays.
  public var lambda = 0.1
  /// States to forget whose `relabel` targets are computed once, from 0. 0 computes them at every step, as the paper
  /// does, which is one pass of the network in seven.
  public var pool = 512
  /// K, steps of the inner loop, from 0. The log gets the fall of L_f over them as `g`, on draws that are held out from
  /// the inner loop. The weights end the same (``Bilevel``).
  public var innerSteps = 0
  /// Share of the first `g`, 0 to 1, that ends the training where two looks in a row find `g` that near to 0; 0 takes all
  /// steps. Without `innerSteps`, `g` is the loss to forget on draws that are held out. A look is a line of the log
  /// (`training.logEvery`). Raise it where other classes change. Under a schedule whose rate falls, the training ends at a
  /// high rate. A first `g` of 0 or less ends nothing.
  public var until = 0.0
  public var data = DataOptions()
  public var picturesInPass = 0
  public var guarding = GuardOptions()
  public init() {}
  /// Noise is its own target.
  public var idle: [(option: OptionPath, beside: String)] {
    (surrogate == .noise ? [("pool", "surrogate=noise")] : [])
      + [
        lambdaRule == .fixed
          ? ("eta", "lambdaRule=fixed, which takes 'lambda' in its place")
          : ("lambda", "lambdaRule=\(lambdaRule.rawValue), which takes 'eta' in its place")
      ]
  }
  public static var tiny: EraseDiff {
    tiny { ($0.data, $0.pool) = (.tiny, 2) }
  }

  private var weight: Bilevel.Lambda {
    switch lambdaRule {
    case .paper: .paper(eta: eta)
    case .preconditioned: .preconditioned(eta: eta)
    case .adam: .adam(eta: eta)
    case .cosine: .cosine(eta: eta)
    case .fixed: .fixed(lambda)
    }
  }

  public func check(_ erasure: Erasure, of model: DiffusionModel) throws {
    _ = try selection(of: model)
    try DataOptions.checkRetained(erasure)
    guard lambdaRule == .preconditioned || lambdaRule == .adam else { return }
    guard training.optimizer.kind != .sgd, !training.offload, !training.shardsOptimizer else {
      throw LetheError.badValue(
        "lambdaRule",
        "'\(lambdaRule.rawValue)' needs the whole state of Adam in memory; accepted: training.optimizer.kind adam or "
          + "adamw, without training.offload and training.shardsOptimizer")
    }
    guard lambdaRule != .adam || training.clip == 0 else {
      throw LetheError.badValue(
        "lambdaRule",
        "'adam' holds for the step that is taken, which training.clip=\(training.clip) would shorten; accepted: "
          + "training.clip=0")
    }
  }

  public func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule {
    let sets = try data.sets(erasure, original, run)
    return Bilevel(
      retain: sets.retaining(training.batch),
      forget: try sets.forgetting(surrogate, training.batch, pool: pool, run), lambda: weight,
      innerSteps: innerSteps, innerRate: training.learningRate, until: until,
      picturesInPass: picturesInPass)
  }

  public func numbers(beside model: DiffusionModel) -> Int {
    let lists = Bilevel.lists(weight, innerSteps: innerSteps, picturesInPass: picturesInPass)
    return numbers(beside: model, further: lists)
  }
}

extension EraseDiff: RenamedOptions {
  /// In version 0.1 `lambdaRule` was `rule`, and lambda was `eta` where that was `fixed`.
  public static func renewed(_ layer: JSON) -> JSON {
    let new = layer.renaming("rule", to: "lambdaRule")
    return layer["rule"] == "fixed" ? new.renaming("eta", to: "lambda") : new
  }
}

extension EraseDiff: BoundedOptions {
  public static let bounds = ["until": Bound.share]
}
