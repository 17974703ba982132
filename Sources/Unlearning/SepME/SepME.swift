// SepME: Separable Multi-Concept Erasure from Diffusion Models (Zhao, Zhang, Zheng, Kong, Yin, 2024) and
// its successor SRS-ME.
//
//   r_c(theta) = eps_theta(x_t | c) - eps_theta(x_t | a)                  concept representation
//   L_cor(c)   = mean( r_c(theta_0 + dtheta) * r_c(theta_0) )             concept-irrelevant loss
//   L_mom      = alpha L_mom + (1 - alpha) sum_i eta_i L_cor(c_i)         stop when L_mom <= tau
//   loss       = sum_i eta_i L_cor(c_i) + lambda (1/M) sum_l | dW_l |_1 + rho (1/M) sum_l R_l
//   dW_l       = w_l (beta S)          trained: w_l, for the M key and value matrices
//
// a is the empty prompt in the paper, whose prompts are bare names. A caption says more: a is the caption without the
// concept, so that "a noto emoji of a fox" loses noto and stays a fox. S spans the directions that the empty prompt,
// the preserved prompts and the other concepts do not use (see NullSpace). eps(x_t | empty) is therefore the
// original's. eps(x_t | a) is taken to be the original's for every a, so that one prediction a step is enough.
// Forms: `separate`, one concept at a time, N = 1 and eta = 1 (several share a batch, each with a momentum of its own,
// and none sees another's eraser); `joint`, all shifts at once with eta_i = max_k |L_cor(c_k)| / |L_cor(c_i)| and one
// momentum; `whole`, no null space (see WholeSepME).
//
// Two presets. `paper`: beta = 1e-4, tau = 1e-4, rho = 0, batches of 1, x_t from pictures of the concept with noise of
// a random timestep. `lethe`, the default:
//   - stop at -0.2 of the correlation at the start (`tauShare`), on a scale of its own for each concept and model;
//   - beta from `reach`, as text encoders differ in width and rows;
//   - R_l (see KeyValueDamage), the share of keys and values that other prompts lose; the paper has the L1 norm for it;
//   - batches of 4, x_t from guided trajectories of the original, each with timesteps of its own.
// Both differ from the released code, and from the paper in the captions and their a. Rows of S are orthonormal, or
// shaped by regular prompts (see NullSpace), where its Gaussian elimination leaves them oblique. Gradients are those of one step, where it never clears them. Its pictures come from disk, here the original draws
// them. Of concepts in one batch, one at or below tau has no L_cor until it rises again, while its norm, R_l and Adam's
// momentum go on; a concept alone would have stopped.
// Published, SD 1.4, six styles at once: 220.7 / 22.5 % / .383 erased (FID / accuracy / LPIPS),
// 1.4 / 94.4 % / 0 restored (Table 2, scene 1).
public import Diffusion
public import Editing
public import Torch
internal import TorchNN
public import Training

/// SepME (Zhao et al., 2024): separable erasers in the null space of the other concepts' prompts.
public struct SepME: UnlearningMethod, TrajectoryOptions, PresetOptions {
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

  /// The source of values for options that are not set: `lethe`, the defaults, or `paper`.
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

  public func check(_ erasure: Erasure, of model: DiffusionModel) throws {
    if form == .whole { return try WholeSepME(of: self).check(erasure, of: model) }
    _ = try model.tokenizer(for: "SepME")
    for request in requests(erasure) { _ = try space(for: request, in: model) }
  }

  public func erase(
    _ erasure: Erasure, from model: DiffusionModel, _ run: Run
  ) throws -> Erased {
    if form == .whole { return try WholeSepME(of: self).erase(erasure, from: model, run) }
    return Erased(
      try erasers(for: requests(erasure), of: model, run).reduce(.zero) { $0 + $1.dense })
  }

  private func requests(_ erasure: Erasure) -> [Request] {
    erasure.forget.map { concept in
      let others = erasure.forget.filter { $0.name != concept.name }
      let regular = Set(erasure.regular ?? [])
      return request(
        concept, keeping: others.flatMap(\.prompts),
        preserving: erasure.preserve.filter { !regular.contains($0) },
        regular: erasure.preserve.filter(regular.contains))
    }
  }

  /// The algorithm, for concepts that share a batch.
  func train(
    _ requests: [Request], _ spaces: [NullSpace], _ model: DiffusionModel, _ run: Run
  ) throws -> [EraserFactors] {
    let frozen = try model.frozen(in: run.computeType)
    let concepts = try DrawnParts.keeping(in: run) {
      try requests.map { try ConceptInTraining($0.concept, self, frozen, run) }
    }
    let erasers = zip(spaces, concepts).map { space, concept in
      EraserFactors(zeroOver: space, beta: scale(space, concept), of: model)  // w_l = 0
    }
    let tensors = erasers.flatMap { e in e.weights.keys.sorted().compactMap { e.weights[$0] } }
    for tensor in tensors { tensor.requiresGradient = true }
    frozen.unet.recomputes = model.recomputes(pictures: concepts.count * training.batch)
    defer { frozen.unet.recomputes = false }
    let shifts = ConceptShifts(concepts, erasers, together: form == .joint)
    let damage = KeyValueDamage(spaces, erasers, model)
    var loop = TrainingLoop(
      "sepme \(requests.map(\.concept.name).joined(separator: ", ").slug)", training, run)
    loop.keepsLast = false
    try loop.fit(tensors) { step in
      let drawn = concepts.map { $0.states.draw(training.batch, $0.step(step.index)) }
      let e = frozen.predict(
        Tensor.concatenate(drawn.map(\.x)), at: Tensor.concatenate(drawn.map(\.t)),
        given: shifts.conditioning(drawn.map(\.prompts))
      ).chunks(concepts.count)  // eps_theta(x_t | c_i) [b, C, h, w]
      // r_c(theta) * r_c(theta_0), with eps(x_t | a) the original's in both
      let correlations = zip(e, drawn).map { (($0 - $1.ea) * ($1.ec - $1.ea)).mean() }  // L_cor
      let forgetting =
        form == .joint
        ? together(correlations, concepts, &step)
        : alone(correlations, concepts, requests.map(\.concept.name), &step)
      return descend(forgetting + norm(erasers) + damage.loss(erasers, weight: rho), tensors)
    }
    if !run.keepsStates { loop.finish() }
    for tensor in tensors { tensor.requiresGradient = false }
    return erasers.map { $0.rounded() }
  }

  private func scale(_ space: NullSpace, _ concept: ConceptInTraining) -> Double {
    guard beta == 0 else { return beta }
    let u = concept.prompts.hidden.to(.cpu, .float64).matmul(space.basis.transposed(0, 1))
    return reach / max(u.abs().sum(2).mean().item, 1e-12)
  }

  /// lambda (1/M) sum_l | dW_l |_1, of each eraser or, trained jointly, of their sum.
  func norm(_ erasers: [EraserFactors]) -> Tensor {
    guard lambda > 0, let first = erasers.first else { return Tensor.zeros([]) }
    let layers = first.weights.keys.sorted()
    var total = Tensor.zeros([], on: first.basis.device)
    for path in layers {
      let parts = erasers.compactMap { e in e.weights[path]?.matmul(e.basis) }  // dW_l [d_l, D]
      let sums = form == .joint ? [parts.dropFirst().reduce(parts[0], +)] : parts
      for sum in sums { total = total + sum.abs().sum() }
    }
    return (lambda / Double(layers.count)) * total
  }
}

extension SepME: BoundedOptions {
  package static let bounds = ["alpha": Bound.number(0...0.999_999_999)]
}
