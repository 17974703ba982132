// SepME: Separable Multi-Concept Erasure from Diffusion Models (Zhao, Zhang, Zheng, Kong, Yin, 2024) and
// its successor SRS-ME.
//
//   r_c(theta) = eps_theta(x_t | c) - eps_theta(x_t | a)                  concept representation
//   L_cor(c)   = mean( r_c(theta_0 + dtheta) * r_c(theta_0) )             concept-irrelevant loss
//   L_mom      = alpha L_mom + (1 - alpha) sum_i eta_i L_cor(c_i)         stop when L_mom <= tau
//   loss       = sum_i eta_i L_cor(c_i) + lambda (1/M) sum_l | dW_l |_1 + rho (1/M) sum_l R_l
//   dW_l       = w_l (beta S)          trained: w_l, for the M key and value matrices
//
// a is the empty prompt in the paper, whose prompts are bare names. A caption says more: a is the caption
// without the concept, so that "a noto emoji of a fox" loses noto and stays a fox.
// S spans what the empty prompt, the preserved prompts and the other concepts do not use (see NullSpace),
// so eps(x_t | empty) is the original's (and taken to be for every a) and one prediction a step is enough. Forms: `separate`, one
// concept at a time (several share a batch, none sees another's eraser); `joint`, all shifts at
// once with eta_i = max_k |L_cor(c_k)| / |L_cor(c_i)|; `whole`, no null space: all of cross-attention,
// the paper's form for nudity, with learning rate 1e-5 and tau 0.
// R_l = mean | e dW_l^T |^2 / mean | e W_l^T |^2 over the token rows of regular prompts is ours: the share of
// keys and values that other prompts lose, which is what the L1 norm stands for in the paper. Also here, a
// concept at or below tau gets no gradient until it rises again, gradients are those of one
// step (the authors' code never clears them), and x_t comes from guided trajectories of the original model.
// Published, SD 1.4, six styles at once: 220.7 / 22.5 % / .383 erased (FID / accuracy / LPIPS),
// 1.4 / 94.4 % / 0 restored (Table 2, scene 1).
package import Diffusion
package import Editing
internal import Torch
internal import TorchNN
package import Training

package struct SepME: UnlearningMethod {
  package static let name = "sepme"
  package static let card = MethodCard(
    title: "Separable Multi-Concept Erasure", paper: "arXiv 2402.05947", year: 2024,
    trains: "keys and values of the U-Net's cross-attention, within a null space")

  package enum Form: String, Codable, Sendable { case separate, joint, whole }
  package enum Keep: String, Codable, Sendable { case exact, average }

  package var form = Form.separate
  /// Samples of each concept in a step are `batch`; `steps` is the most that are made.
  package var training: Training = {
    var t = Training()
    (t.steps, t.batch, t.learningRate) = (1000, 4, 0.1)
    return t
  }()
  /// Scale of S. 0 chooses it for each concept so that beta |e S^T|_1 is ``reach`` on average over the
  /// concept's token rows; the paper has 1e-4, with 768 wide text and rows that are not orthogonal.
  package var beta = 0.0
  /// Learning rate times reach is the most by which a step moves a key or a value.
  package var reach = 0.2
  package var tau = 1e-4
  /// Share of a concept's correlation at the start that counts as tau when that is more. The paper's
  /// tau is on the scale of Stable Diffusion's noise; 0 leaves it alone, less goes on to the contrary.
  package var tauShare = -0.2
  package var alpha = 0.9
  package var lambda = 1e-6
  /// Weight of what regular prompts lose; 0 is the paper's loss.
  package var rho = 15.0
  /// Rank rule of the null space: singular values above this share of the largest count.
  package var tolerance = 1e-4
  /// How `--preserve` is kept: `exact` stacks the prompts, `average` only shapes the basis by them.
  package var keep = Keep.exact
  /// Concepts that train in one batch; 0 takes all where latents are small, one where they are not.
  package var sideBySide = 0
  /// s_g, the guidance of the trajectories.
  package var startGuidance = 3.0
  package var trajectorySteps = 50
  /// Walks for each concept; every state of a walk is a training sample.
  package var trajectories = 12
  package init() {}

  package func erase(
    _ erasure: Erasure, from model: DiffusionModel, _ run: Run
  ) throws -> Erased {
    if form == .whole {
      return try WholeSepME(of: self).erase(erasure, from: model, run)
    }
    let requests = erasure.forget.map { concept in
      let others = erasure.forget.filter { $0.name != concept.name }
      let exact = keep == .exact ? erasure.preserve : []
      return Request(
        concept, keeping: exact + others.flatMap(\.prompts),
        regular: keep == .average ? erasure.preserve : [])
    }
    return Erased(try erasers(for: requests, of: model, run).reduce(.zero) { $0 + $1.dense })
  }

  /// A concept, the prompts that its eraser may not touch, among which the empty one always is, and
  /// regular prompts, which it should touch little.
  package struct Request: Sendable {
    package var concept: Concept
    package var kept: [String]
    package var regular: [String]
    package init(_ concept: Concept, keeping kept: [String], regular: [String] = []) {
      (self.concept, self.kept, self.regular) = (concept, kept, regular)
    }
  }

  /// One eraser for each request, in their order.
  /// - Throws: ``LetheError`` when prompts leave no direction free, with what to drop
  package func erasers(
    for requests: [Request], of model: DiffusionModel, _ run: Run
  ) throws -> [EraserFactors] {
    _ = try model.tokenizer(for: "SepME")
    let spaces = try requests.map { try space(for: $0, in: model) }
    let size = groupSize(model, requests.count)
    return try stride(from: 0, to: requests.count, by: size).flatMap { first in
      let group = first..<min(first + size, requests.count)
      return try train(Array(requests[group]), Array(spaces[group]), model, run)
    }
  }

  /// How many of `count` concepts train in one batch.
  package func groupSize(_ model: DiffusionModel, _ count: Int) -> Int {
    if form == .joint { return max(1, count) }
    return max(1, sideBySide > 0 ? sideBySide : model.isLarge ? 1 : count)
  }

  /// The free directions of a request.
  package func space(for request: Request, in model: DiffusionModel) throws -> NullSpace {
    let prompts = [""] + request.kept
    let space = NullSpace(
      of: prompts, regular: request.regular, in: model, tolerance: tolerance)
    guard space.nullity == 0 else { return space }
    let held = NullSpace.shares(of: prompts, in: model, tolerance: tolerance)
      .filter { $0.rank > 0 && !$0.prompt.isEmpty }.sorted { $0.rank > $1.rank }
    var drop = ""
    if !held.isEmpty {
      let most = held.prefix(3).map { "'\($0.prompt)' (\($0.rank))" }.joined(separator: ", ")
      drop = "; of single prompts most is held by \(most)"
    }
    let free = max(1, space.width / 32)
    let fits = NullSpace.fitting(prompts, in: model, tolerance: tolerance, free: free)
    if fits > 0, fits < prompts.count {
      drop +=
        "; the first \(fits) of them would leave \(free) free, so drop \(prompts.count - fits), "
        + "'\(prompts[fits])' and those after it"
    }
    throw LetheError.request(
      "\(request.concept.name): \(prompts.count) prompts to keep use all \(space.width) directions of the "
        + "text space at tolerance \(tolerance)\(drop). Keep fewer prompts, raise the tolerance, or keep them on average only (keep=average)"
    )
  }

  private func train(
    _ requests: [Request], _ spaces: [NullSpace], _ model: DiffusionModel, _ run: Run
  ) throws -> [EraserFactors] {
    let members = try requests.map { try Member($0.concept, self, model, run) }
    let erasers = zip(spaces, members).map { space, member in
      EraserFactors(zeroOver: space, beta: scale(space, member), of: model)
    }
    let paths = erasers.map { $0.weights.keys.sorted() }
    let tensors = zip(erasers, paths).flatMap { e, p in p.compactMap { e.weights[$0] } }
    for tensor in tensors { tensor.requiresGradient = true }
    model.unet.recomputes = model.isLarge
    defer { model.unet.recomputes = false }
    // e (beta S)^T of every prompt, for each eraser that a concept's rows meet.
    let coordinates = members.indices.map { i in
      (form == .joint ? Array(erasers.indices) : [i]).map { j in
        (j, erasers[j].coordinates(of: members[i].prompts.hidden))  // [P, L, n_j]
      }
    }
    let damage = Damage(spaces, erasers, model, weight: rho)
    let names = requests.map(\.concept.name).joined(separator: ", ")
    let loop = TrainingLoop("sepme \(names.slug)", training, run)
    try loop.fit(tensors) { step in
      let active = members.indices.filter {
        (step.carried["mom \($0)"] ?? .infinity) > members[$0].tau
      }
      let drawn = members.indices.map { i in
        members[i].states.draw(training.batch, members[i].step(step.index))
      }
      let c = members.indices.map { i in
        Conditioning(
          members[i].prompts.hidden.indexed(0, drawn[i].prompts),
          shifts: KeyValueShift.sum(
            coordinates[i].map { j, u in erasers[j].shifts(of: u.indexed(0, drawn[i].prompts)) }))
      }
      let e = model.predict(
        Tensor.concatenate(drawn.map(\.x)), at: Tensor.concatenate(drawn.map(\.t)),
        given: .concatenate(c)
      ).chunks(members.count)
      let correlations = members.indices.map { i in
        // r_c(theta) * r_c(theta_0), with eps(x_t | a) the original's in both
        ((e[i] - drawn[i].e0) * (drawn[i].ec - drawn[i].e0)).mean()
      }
      let values = correlations.map(\.item)
      let largest = values.map(abs).max() ?? 1
      var loss = regularizer(erasers) + damage.loss(erasers)
      for i in active {
        let eta = form == .joint ? largest / max(abs(values[i]), 1e-12) : 1
        loss = loss + eta * correlations[i]
      }
      for i in members.indices {
        let before = step.carried["mom \(i)"] ?? values[i]
        let now = alpha * before + (1 - alpha) * values[i]
        step.carried["mom \(i)"] = now
        step.log["correlation \(requests[i].concept.name)"] = now
      }
      step.isEnough = members.indices.allSatisfy {
        (step.carried["mom \($0)"] ?? 0) <= members[$0].tau
      }
      return descend(loss, tensors)
    }
    loop.finish()
    for tensor in tensors { tensor.requiresGradient = false }
    return erasers.map { $0.rounded() }
  }

  private func scale(_ space: NullSpace, _ member: Member) -> Double {
    guard beta == 0 else { return beta }
    let u = member.prompts.hidden.to(.cpu, .float64).matmul(space.basis.transposed(0, 1))
    return reach / max(u.abs().sum(2).mean().item, 1e-12)
  }

  /// lambda (1/M) sum_l | dW_l |_1, of each eraser or, trained jointly, of their sum.
  private func regularizer(_ erasers: [EraserFactors]) -> Tensor {
    guard lambda > 0, let first = erasers.first else { return Tensor.zeros([]) }
    let layers = first.weights.keys.sorted()
    var total = Tensor.zeros([], on: first.basis.device)
    for path in layers {
      let parts = erasers.compactMap { e in e.weights[path]?.matmul(e.basis) }
      let sums = form == .joint ? [parts.dropFirst().reduce(parts[0], +)] : parts
      for sum in sums { total = total + sum.abs().sum() }
    }
    return (lambda / Double(layers.count)) * total
  }
}

/// rho (1/M) sum_l R_l, from second moments of the regular prompts' token rows: no network is run.
private struct Damage {
  private let weight: Double
  /// For each eraser: C = beta S (mean e^T e) S^T beta, [n, n].
  private let moments: [Tensor?]
  /// mean | e W_l^T |^2 by path, for each eraser.
  private let powers: [[ParameterPath: Double]]

  init(
    _ spaces: [NullSpace], _ erasers: [EraserFactors], _ model: DiffusionModel, weight: Double
  ) {
    self.weight = weight
    moments = zip(spaces, erasers).map { space, eraser in
      guard weight > 0, let regular = space.regular else { return nil }
      let s = eraser.basis.to(.cpu, .float64)
      return s.matmul(regular).matmul(s.transposed(0, 1)).to(model.device, .float32)
    }
    powers = zip(spaces, erasers).map { space, eraser in
      guard let regular = space.regular else { return [:] }
      var powers: [ParameterPath: Double] = [:]
      for path in eraser.weights.keys {
        guard let w = model.parameters[path]?.to(.cpu, .float64) else { continue }
        powers[path] = (w.matmul(regular) * w).sum().item
      }
      return powers
    }
  }

  func loss(_ erasers: [EraserFactors]) -> Tensor {
    var total: Tensor?
    for (i, eraser) in erasers.enumerated() {
      guard let c = moments[i] else { continue }
      // All layers at once: | e dW_l^T |^2 / | e W_l^T |^2 is linear in w_l C w_l^T.
      let paths = eraser.weights.keys.sorted()
      let w = Tensor.concatenate(
        paths.compactMap { path in
          eraser.weights[path].map { $0 / max(powers[i][path] ?? 1, 1e-12).squareRoot() }
        })
      let term = (weight / Double(paths.count)) * (w.matmul(c) * w).sum()
      total = total.map { $0 + term } ?? term
    }
    return total ?? Tensor.zeros([])
  }
}

/// A concept in training: states of the original model that contain it, and its prompts.
private struct Member {
  let states: DenoisingStates
  let prompts: Conditioning
  /// The same captions without the concept.
  let anchors: Conditioning
  /// L_mom at which the concept counts as erased.
  let tau: Double
  /// Each concept draws for itself, so that it draws the same alone and in company.
  private let seed: UInt64

  init(_ concept: Concept, _ method: SepME, _ model: DiffusionModel, _ run: Run) throws {
    seed = run.seed ^ concept.name.fingerprint
    let g = Generator(seed: seed >> 1)
    let phrases = concept.phrases
    // Each phrase once as far as half the trajectories go, the rest at random.
    let chosen = (0..<method.trajectories).map { i in
      i < min(phrases.count, method.trajectories / 2)
        ? phrases[i] : phrases[Tensor.randint(below: phrases.count, [1], g).ints[0]]
    }
    let followed = try DenoisingStates.follow(
      model, chosen.map(\.prompt), steps: method.trajectorySteps, guidance: method.startGuidance,
      seed: seed >> 2
    ) { run.progress("trajectories \(concept.name)", $0, $1) }
    (prompts, anchors) = withoutGradients {
      (model.embed(chosen.map(\.prompt)), model.embed(chosen.map(\.anchor)))
    }
    states = followed.comparing(with: followed.predictions(of: model, given: anchors))
    // L_cor at dtheta = 0 is mean r_c^2.
    let start = (states.conditional - states.unconditional).squared().mean().item
    tau = method.tauShare < 0 ? method.tauShare * start : max(method.tau, method.tauShare * start)
  }

  func step(_ index: Int) -> Step { Step(index: index, seed: seed) }
}

/// The form without separability: every weight of cross-attention, and both predictions a step.
private struct WholeSepME: ObjectiveMethod {
  static let name = "sepme-whole"
  static let card = SepME.card
  var method = SepME()
  var guarding = GuardOptions()
  var parameters: String { "xattn" }
  var training: Training { method.training }

  init() {}
  init(of method: SepME) { self.method = method }

  func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    Irrelevance(
      members: try erasure.forget.map { try Member($0, method, original, run) },
      original: original, method: method)
  }

  struct Irrelevance: Objective {
    let members: [Member]
    let original: DiffusionModel
    let method: SepME

    func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
      var total = Tensor.zeros([], on: model.device)
      for member in members {
        let d = member.states.draw(method.training.batch, member.step(step.index))
        let c = Conditioning.concatenate([
          member.prompts.rows(d.prompts), member.anchors.rows(d.prompts),
        ])
        let e = model.predict(
          Tensor.concatenate([d.x, d.x]), at: Tensor.concatenate([d.t, d.t]), given: c
        ).chunks(2)
        total = total + ((e[0] - e[1]) * (d.ec - d.e0)).mean()
      }
      let before = step.carried["mom"] ?? total.item
      let mom = method.alpha * before + (1 - method.alpha) * total.item
      step.carried["mom"] = mom
      step.log["correlation"] = mom
      step.isEnough = mom <= members.map(\.tau).reduce(0, +)
      let paths = ParameterSelection.crossAttention.paths(of: model.parameters)
      var change = Tensor.zeros([], on: model.device)
      for path in paths {
        guard let w = model.parameters[path], let w0 = original.parameters[path] else { continue }
        change = change + (w - w0).abs().sum()
      }
      return total + (method.lambda / Double(paths.count)) * change
    }
  }
}
