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
// the preserved prompts and the other concepts do not use (see NullSpace). An eraser therefore leaves eps(x_t | empty)
// as it is. For any other a, eps(x_t | a) is taken to be the original's too, which is exact for the empty prompt alone,
// so that one prediction a step is enough.
// Forms: `separate`, one concept at a time, N = 1 and eta = 1 (several share a batch, each with a momentum of its own,
// and none sees another's eraser); `joint`, all shifts at once with eta_i = max_k |L_cor(c_k)| / |L_cor(c_i)| and one
// momentum; `whole`, no null space (see WholeSepME). Of `joint` the L1 norm is that of the sum of all dW_l, as the
// weights get it, while R_l is of each eraser by itself.
//
// Two presets. `paper`: beta = 1e-4, tau = 1e-4, rho = 0, batches of 1, x_t from pictures of the concept with noise of
// a random timestep. `lethe`, the default:
//   - stop at -0.2 of the correlation at the start (`tauShare`), on a scale of its own for each concept and model;
//   - beta from `reach`, as text encoders differ in width and rows;
//   - R_l (see KeyValueDamage), the share of keys and values that other prompts lose; the paper has the L1 norm for it;
//   - batches of 4, x_t from guided trajectories of the original, each with timesteps of its own.
// Both differ from the released code, and from the paper in the captions and their a. Rows of S are orthonormal here,
// or shaped by regular prompts (see NullSpace); those of the released code are oblique, as Gaussian elimination leaves
// them. Gradients here are those of one step; the released code never clears them. Its pictures come from disk; here
// the original draws them. Of concepts in one batch, one at or below tau has no L_cor until it rises again, while its
// norm, R_l and Adam's momentum go on; a concept alone would have stopped.
// Published, SD 1.4, six styles at once: 220.7 / 22.5 % / .383 erased (FID / accuracy / LPIPS),
// 1.4 / 94.4 % / 0 restored (Table 2, scene 1).
public import Diffusion
public import Editing
public import Torch
internal import TorchNN
public import Training

extension SepME {
  public func erase(
    _ erasure: Erasure, from model: DiffusionModel, _ run: Run
  ) throws -> Erased {
    if form == .whole { return try WholeSepME(of: self).erase(erasure, from: model, run) }
    return Erased(
      try erasers(for: requests(erasure), of: model, run).reduce(.zero) { $0 + $1.dense })
  }

  /// The algorithm, for concepts that share a batch.
  func train(
    _ requests: [SeparableRequest], _ spaces: [NullSpace], _ model: DiffusionModel, _ run: Run
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

  /// beta, where `reach` chooses it.
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
  public static let bounds = ["alpha": Bound.number(0...0.999_999_999)]
}
