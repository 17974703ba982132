internal import Diffusion
internal import Editing
public import Torch
public import Training

/// SepME (Zhao et al., 2024): separable erasers in the null space of the other concepts' prompts.
public struct SepME: SeparableMethod, TrajectoryOptions, PresetOptions {
  public static let name = "sepme"
  public static let card = MethodCard(
    title: "Separable Multi-Concept Erasure", paper: "arXiv 2402.05947", year: 2024,
    trains: "keys and values of the U-Net's cross-attention, within a null space")

  /// The training: concept by concept, all concepts together, or without a null space.
  public enum Form: String, Choice { case separate, joint, whole }
  /// The way in which preserved prompts are kept: all of them exactly, or on average.
  public enum Keep: String, Choice { case exact, average }
  /// The source of the defaults: Lethe, or the paper.
  public enum Preset: String, Choice { case lethe, paper }
  /// The states that a step sees: those of trajectories, or noised pictures.
  public enum States: String, Choice { case trajectories, noised }

  /// The source of values for options that are not set: `lethe`, the defaults, or `paper`, the paper's numbers and
  /// states. Both keep Lethe's captions, with the caption without the concept as a, and its orthonormal basis.
  public var preset = Preset.lethe

  /// `separate` for erasers that can be switched one by one, `joint` for concepts that are always erased together,
  /// `whole` for a concept that a null space cannot reach, such as nudity.
  public var form = Form.separate
  /// The course of the training: `batch` samples of each concept in a step, `steps` at most. `form=whole`, which trains
  /// the weights themselves, sets the rate to 1e-5.
  public var training = Training(steps: 1000, batch: 4, rate: 0.1)
  /// Scale of S, from 0. 0 chooses it for each concept so that beta |e S^T|_1 is ``reach`` on average over the
  /// concept's token rows; the paper has 1e-4, with 768 wide text and rows that are not orthogonal.
  public var beta = 0.0
  /// Reach, above 0: learning rate times reach is the most by which a step moves a key or a value. Lower it where
  /// training overshoots.
  public var reach = 0.2
  /// tau, the momentum of the correlation at which a concept counts as erased, and training stops: `tau` + `tauShare`
  /// of the correlation at the start. Lower it, below 0 too, to erase more. 1e-4 in the paper, 0 for `form=whole`.
  public var tau = 0.0
  /// The share of a concept's correlation at the start in its tau; 0 leaves `tau` alone, as the paper and `form=whole`
  /// do. A negative share continues the training until the correlation has the other sign.
  public var tauShare = -0.2
  /// alpha, the momentum's memory, 0 to below 1. Raise it where single steps stop the training too early.
  public var alpha = 0.9
  /// lambda, the weight of the L1 norm of the change, from 0. Raise it where prompts outside the request change.
  public var lambda = 1e-6
  /// rho, the weight of regular prompts' loss of keys and values, from 0; 0 is the paper's loss. Raise it where those
  /// prompts change.
  public var rho = 15.0
  /// Rank rule of the null space, 0 to 1: singular values above this share of the largest count. Raise it where
  /// the kept prompts leave no direction free; they then change by about that share.
  public var tolerance = 1e-4
  /// The way in which the prompts of `--preserve` are kept: `exact` stacks them, `average` only shapes the basis by
  /// them. Many prompts need `average`.
  public var keep = Keep.exact
  /// Concepts that train in one batch, from 0; 0 takes all where latents are small, one where they are not.
  public var sideBySide = 0
  /// x_t: `trajectories`, states that guided trajectories pass, or `noised`, the pictures at their ends with noise of
  /// random timesteps. Both give the same number of states.
  public var states = States.trajectories
  public var (startGuidance, trajectorySteps, trajectories) = (3.0, 50, 12)
  /// The guard of `form=whole`, which stops a training that ruins prompts to keep. Within a null space it has no use.
  public var guarding = GuardOptions()
  public init() {}

  public var idle: [(option: OptionPath, beside: String)] {
    let within: [OptionPath] = ["beta", "reach", "rho", "tolerance", "keep", "sideBySide"]
    return switch form {
    case .whole: within.map { ($0, "form=whole") }
    case .joint: [("sideBySide", "form=joint"), ("guarding", "form=joint")] + idleReach
    case .separate: [("guarding", "form=separate")] + idleReach
    }
  }
  private var idleReach: [(option: OptionPath, beside: String)] {
    beta > 0 ? [("reach", "beta above 0")] : []
  }

  public static var presets: [(key: String, value: String, options: JSON)] {
    [
      (
        "preset", "paper",
        [
          "training": ["batch": 1, "learningRate": 0.1, "steps": 1000], "beta": 1e-4, "tau": 1e-4,
          "tauShare": 0, "alpha": 0.9, "lambda": 1e-6, "rho": 0, "states": "noised",
        ]
      ),
      (
        "preset", "lethe",
        [
          "training": ["batch": 4, "learningRate": 0.1, "steps": 1000], "beta": 0, "tau": 0,
          "tauShare": -0.2, "alpha": 0.9, "lambda": 1e-6, "rho": 15, "states": "trajectories",
        ]
      ),
      ("form", "whole", ["training": ["learningRate": 1e-5], "tau": 0, "tauShare": 0]),
    ]
  }

  /// In so small a text encoder the empty prompt's rows alone would fill the space at the usual tolerance.
  public static var tiny: SepME {
    var method = SepME()
    (method.trajectorySteps, method.trajectories, method.tolerance) = (5, 2, 0.1)
    (method.training.steps, method.training.learningRate) = (12, 1e-3)
    return method
  }
}
