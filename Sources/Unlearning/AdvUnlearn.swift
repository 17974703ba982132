// AdvUnlearn: Defensive Unlearning with Adversarial Training for Robust Concept Erasure in Diffusion Models (Zhang,
// Chen, Jia, Zhang, Fan, Liu, Hong, Ding, Liu; NeurIPS 2024):
//
//   min_theta  l(theta, c*) + gamma E_c~ | eps_theta(x_t | c~) - eps_o(x_t | c~) |^2         (eq. 5, upper level)
//   c*  =  argmin_c' | eps_theta(x_t | c') - eps_o(x_t | c) |^2                              (eq. 5, lower level)
//          over c' that add k tokens to c, the paper's | c' - c |_0 <= eps
//
// l: the loss of another method, ESD by default (or SDD, or Concept Ablation), on the adversary's prompt (see Adversary
// and Adversarial). theta: every text encoder, whole or its first N layers (`text_encoders:N`), or a selection of the
// U-Net. The paper has one encoder; SDXL has two, of which the second also gives the pooled prompt.
// The paper forgets by the concept's name and away from the empty prompt: `options.captions=false`, and with ESD, which
// alone has that option, `options.anchored=false`. It keeps 243 prompts "a photo of ..."; here the prompts of the request are kept. Its form
// is `retain=regularised`; the released command line has the other one as its default.
//
// The noisy pictures do not depend on the text encoder in training, so they are computed once and drawn from a pool.
// With `pooled=false` each step of training and of the adversary follows a trajectory of its own, as the released code
// does: 42 times as many evaluations of the U-Net at the paper's setting (docs/results/robustness.md). Where the U-Net
// is trained, the model in training then denoises. The released code draws one timestep and one length of the trajectory
// for the concept and its retained prompts together; here each state has its own.
// An erased text encoder defends against prompts alone. A person who has the original encoder can put it back, and has
// the original model without a step of training.
// Published, SD 1.4, UnlearnDiffAtk: nudity 21.1 % (ESD 76.1), Van Gogh 2 (32), church 6 (60), parachute 14 (54).
public import Diffusion
public import Editing
public import Torch
internal import TorchNN
public import Training

/// AdvUnlearn (Zhang et al., NeurIPS 2024): forgetting while an adversary searches prompts that bring the concept back.
public struct AdvUnlearn: TrainedMethod, WrappingMethod, RenamedOptions {
  public static let name = "advunlearn"
  public static let card = MethodCard(
    title: "AdvUnlearn", paper: "arXiv 2405.15234", year: 2024, trains: "the text encoder")
  public static let variants = [
    MethodVariant("advunlearn", ["adversary": ["kind": "pgd"]]),
    MethodVariant("advunlearn-fast", ["adversary": ["kind": "fast"]]),
    MethodVariant("advunlearn-u", ["parameters": "noxattn"]),
  ]

  /// The place of retaining: a term of the loss, or every second step.
  public enum Retaining: String, Choice { case regularised, alternating }

  public var training = Training(steps: 1000, batch: 1, rate: 1e-5)
  /// The weights that are trained: `text_encoders`, one of two (`text_encoder`, `text_encoder_2`), the first N layers
  /// of each (`text_encoders:N`) or of one (`text_encoder:N`), or a selection of the U-Net.
  public var parameters = "text_encoders"
  /// The method whose loss is trained: one that forgets by prompts, `esd`, `sdd` or `ablation`.
  public var base = InnerMethod(ESD.name)
  /// Options of that method, an object. Those that AdvUnlearn decides, such as `training`, are refused.
  public var options = JSON.object([:])
  /// The attack that the training defends against.
  public var adversary = AdversaryOptions()
  /// First steps of forgetting without an adversary, from 0, in which the concept is forgotten before it is attacked.
  public var warmup = 200
  /// Steps of forgetting from one attack to the next, from 1. More are cheaper; between attacks the last answer to a
  /// prompt is used.
  public var attackEvery = 1
  /// Retaining as a term of the loss (`regularised`), or in every second step (`alternating`; `training.steps` counts
  /// both kinds), which holds one graph at a time in memory.
  public var retain = Retaining.regularised
  /// gamma, the weight of retaining where it is a term of the loss, from 0: the paper's 0.3 for nudity, 0.5 for styles,
  /// 0.1 for objects. Raise it where other prompts change.
  public var gamma = 0.3
  /// Prompts to retain in a step, from 1.
  public var retainBatch = 5
  /// A table of prompts to retain (CSV); empty for those of the request, or 80 built-in ones where it has none.
  public var retainPrompts = ""
  /// Trajectories with prompts to retain, from 1, where states are pooled. Raise it with the number of prompts.
  public var retainTrajectories = 64
  /// Whether states are computed once and drawn from a pool. False computes each anew, as the released code does, at
  /// many times the cost.
  public var pooled = true
  public var guarding = GuardOptions()
  public init() {}
  public static var tiny: AdvUnlearn {
    tiny {
      $0.options = ["trajectories": 2, "trajectorySteps": 5]
      ($0.adversary.steps, $0.warmup, $0.retainTrajectories) = (2, 1, 3)
      // The adversary's answers are carried from step to step, and over an interruption.
      ($0.adversary.start, $0.attackEvery) = (.latest, 2)
    }
  }

  /// With `alternating`, retaining has steps of its own at the full rate, without gamma.
  public var idle: [(option: OptionPath, beside: String)] {
    (retain == .alternating ? [("gamma", "retain=alternating")] : [])
      + (pooled ? [] : [("retainTrajectories", "pooled=false")])
  }

  /// Without prompts of the request, those of `retainPrompts` or of everyday things.
  public var preserves: Preserved {
    gamma > 0 || retain == .alternating ? .own : .nothing("gamma=0")
  }

  /// The base gives the loss. AdvUnlearn decides the course of the training, its weights and the prompts to keep.
  public static func decided(inside type: any UnlearningMethod.Type) -> [OptionPath] {
    // The last is a name of version 0.1.
    [
      "training", "parameters", "guarding", "preserveWeight", "preserveTrajectories",
      "preserveWalks",
    ]
  }

  public func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule {
    let prompts = try retained(erasure)
    run.note(original.layout.cut(prompts)?.note)
    // Training a text encoder leaves the noisy pictures as they are, training a U-Net changes them.
    let live = try ParameterSelection.named(parameters).trainsText
    let states = try AdvUnlearnStates(
      self, method(), erasure, original, live: live, by: pooled || live ? nil : student, run)
    return try Adversarial(
      states.forgetting(),  // l(theta, c*)
      retain: prompts.isEmpty ? nil : states.retaining(prompts),  // E_c~ | eps_theta - eps_o |^2
      gamma: gamma, alternates: retain == .alternating, adversary.make(),  // c*
      warmup: warmup, every: attackEvery, batch: training.batch, original)
  }

  /// c~
  private func retained(_ erasure: Erasure) throws -> [String] {
    gamma > 0 || retain == .alternating
      ? try RetainPrompts.of(erasure, file: retainPrompts) : []
  }

  public func check(_ erasure: Erasure, of model: DiffusionModel) throws {
    let (_, method) = (try selection(of: model), try method())
    try Bound.require(
      from: 1,
      [
        ("adversary.steps", adversary.steps), ("adversary.tokens", adversary.tokens),
        ("attackEvery", attackEvery), ("retainBatch", retainBatch),
        ("retainTrajectories", retainTrajectories), ("training.batch", training.batch),
      ])
    try Bound.require(from: 0, [("warmup", warmup)])
    _ = try retained(erasure)
    // The adversary's words have room beside every prompt.
    let (attack, tokenizer) = (adversary.make(), try model.tokenizer(for: "an adversary"))
    let prompts = Set(method.phrases(erasure, seed: 1).map(\.prompt)).sorted()
    _ = try AdversarialPrompts(
      words: prompts.map { attack.words(of: $0, tokenizer) }, tokenizer, model, adversary.placement,
      tokens: adversary.tokens)
  }

  /// In version 0.1 `warmup` was `cleanSteps`.
  public static func renewed(_ layer: JSON) -> JSON { layer.renaming("cleanSteps", to: "warmup") }

  /// The method whose loss is trained.
  private func method() throws -> any PromptedMethod {
    guard let method = try inner() as? any PromptedMethod else {
      let known = base.catalog.all.filter { $0 is any PromptedMethod.Type }.map { $0.name }
      throw LetheError.request(
        "advunlearn cannot train '\(base)', whose forgetting is not by prompts; accepted: "
          + known.joined(separator: ", "))
    }
    return method
  }
}
