// SDD: Towards Safe Self-Distillation of Internet-Scale Text-to-Image Diffusion Models (Kim, Jung, Kim, Choi, Shin,
// Lee; 2023):
//
//   L = | eps_theta(x_t | c) - sg( eps_theta(x_t | a) ) |^2                                          (eq. 4)
//
// a: the empty prompt in the paper, here the caption without the concept, or the replacement.
// The target is the network's own prediction for the prompt without the concept, without its gradient. x_t comes from
// trajectories with the concept, here of the original; the authors follow a moving average of the trained network. That
// average, of decay 0.999 from the first step on, is kept (`training.averaging`, `training.averagingWarmup`): after
// 1,500 steps it holds 0.22 of the original's weights. Parameters: `xattn`; `full` in Meta-Unlearning's tables. Keeping
// preserved prompts is not in the paper; `preserveWeight=0` leaves it out. The captions are ours; `captions=false`
// takes the bare name. Inside AdvUnlearn the average is that of AdvUnlearn's own `training`, by default none.
// Published, SD 1.4, nudity: 1.4 % of UnlearnDiffAtk's prompts before any attack.
public import Diffusion
public import Editing
public import Torch
internal import TorchNN
public import Training

/// SDD (Kim et al., 2023): the prediction with the concept approaches the model's own without it.
public struct SDD: PromptedMethod {
  public static let name = "sdd"
  public static let card = MethodCard(
    title: "Safe self-distillation", paper: "arXiv 2307.05977", year: 2023,
    trains: "cross-attention of the U-Net")

  public var training = Training(
    steps: 1500, batch: 1, rate: 1e-5, optimizer: .init(.adamw, weightDecay: 1e-4), clip: 1,
    averaging: 0.999, averagingWarmup: false)
  /// The weights that are trained: `xattn`, or `full` where those do not suffice.
  public var parameters = "xattn"
  public var captions = true
  public var (startGuidance, trajectorySteps, trajectories) = (3.0, 50, 8)
  public var (preserveWeight, preserveTrajectories) = (1.0, 16)
  public var guarding = GuardOptions()
  public init() {}

  public func forgetting(
    _ phrases: [Concept.Phrase], isReplaced: Bool, original: DiffusionModel, keeping: Int?,
    live: Bool, by denoiser: DiffusionModel?, seed: UInt64, progress: (Int, Int) -> Void
  ) throws -> SelfDistillation {
    let prompts = phrases.map(\.prompt)
    return SelfDistillation(
      try follow(original, prompts, keeping: keeping, by: denoiser, seed: seed, progress: progress),
      prompts: StudentPrompts(prompts, original, live: live),
      anchors: StudentPrompts(phrases.map(\.anchor), original, live: live), batch: training.batch)
  }
}

/// The network's own prediction for the prompts without the concept, as a target.
public struct SelfDistillation: Objective {
  let states: DenoisingStates
  public let prompts: StudentPrompts
  let anchors: StudentPrompts
  let batch: Int

  init(_ states: DenoisingStates, prompts: StudentPrompts, anchors: StudentPrompts, batch: Int) {
    (self.states, self.prompts) = (states, prompts)
    (self.anchors, self.batch) = (anchors, batch)
  }

  public func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    let d = states.draw(batch, step)
    let target = withoutGradients {  // sg( eps_theta(x_t | a) ) [B, C, h, w]
      model.predict(d.x, at: d.t, given: anchors.rows(d.prompts, of: model))
    }
    return model.predict(d.x, at: d.t, given: prompts.rows(d.prompts, of: model))
      .meanSquaredError(target)
  }
}

extension SelfDistillation: PromptedStates {
  public func draw(_ rows: [Int], _ step: Step) throws -> PromptedDraw {
    let picks = states.picks(ofPrompts: rows, step)
    let (x, t) = (states.x.indexed(0, picks), states.t.indexed(0, picks))
    return PromptedDraw(x: x, t: t, conditional: states.conditional.indexed(0, picks)) { model in
      model.predict(x, at: t, given: anchors.rows(rows, of: model))
    }
  }
}
