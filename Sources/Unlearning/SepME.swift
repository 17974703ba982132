// SepME: Separable Multi-Concept Erasure from Diffusion Models (Zhao, Zhang, Zheng, Kong, Yin, 2024) and
// its successor SRS-ME.
//
//   r_c(theta) = eps_theta(x_t | c) - eps_theta(x_t | empty)              concept representation
//   L_cor(c)   = mean( r_c(theta_0 + dtheta) * r_c(theta_0) )             concept-irrelevant loss
//   L_mom      = alpha L_mom + (1 - alpha) sum_i eta_i L_cor(c_i)         stop when L_mom <= tau
//   loss       = sum_i eta_i L_cor(c_i) + lambda (1/M) sum_l | dW_l |_1
//   dW_l       = w_l (beta S)          trained: w_l, for the M key and value matrices
//
// S spans what the empty prompt, the preserved prompts and the other concepts do not use (see NullSpace),
// so eps(x_t | empty) is the original's and one prediction a step is enough. Forms: `separate`, one
// concept at a time (several share a batch, none sees another's increment); `joint`, all shifts at
// once with eta_i = max_k |L_cor(c_k)| / |L_cor(c_i)|; `whole`, no null space: all of cross-attention,
// the paper's form for nudity, with learning rate 1e-5 and tau 0.
// Here a concept at or below tau gets no gradient until it rises again, gradients are those of one
// step (the authors' code never clears them), and x_t comes from guided walks of the original model.
// Published, SD 1.4, six styles at once: 220.7 / 22.5 % / .383 erased (FID / accuracy / LPIPS),
// 1.4 / 94.4 % / 0 restored (Table 2, scene 1).
public import Diffusion
public import Editing
internal import Torch
internal import TorchNN
public import Training

public struct SepME: UnlearningMethod {
  public static let name = "sepme"
  public static let card = MethodCard(
    title: "Separable Multi-Concept Erasure", paper: "arXiv 2402.05947", year: 2024,
    trains: "keys and values of the U-Net's cross-attention, within a null space")

  public enum Form: String, Codable, Sendable { case separate, joint, whole }

  public var form = Form.separate
  /// Samples of each concept in a step are `batch`; `steps` is the most that are made.
  public var training: Training = {
    var t = Training()
    (t.steps, t.batch, t.learningRate) = (1000, 4, 0.1)
    return t
  }()
  /// Scale of S. 0 chooses it for each concept so that beta |e S^T|_1 is ``reach`` on average over the
  /// concept's token rows; the paper has 1e-4, with 768 wide text and rows that are not orthogonal.
  public var beta = 0.0
  /// Learning rate times reach is the most by which a step moves a key or a value.
  public var reach = 0.2
  public var tau = 1e-4
  public var alpha = 0.9
  public var lambda = 1e-6
  /// Rank rule of the null space: singular values above this share of the largest count.
  public var tolerance = 1e-5
  /// Concepts that train in one batch; 0 takes all where latents are small, one where they are not.
  public var sideBySide = 0
  /// s_g, the guidance of the walks.
  public var startGuidance = 3.0
  public var walkSteps = 50
  /// Walks for each concept; every state of a walk is a training sample.
  public var walks = 8
  public init() {}

  public func erase(
    _ erasure: Erasure, from model: DiffusionModel, _ run: Run
  ) throws -> ParameterVector {
    if form == .whole {
      return try WholeSepME(of: self).erase(erasure, from: model, run)
    }
    let requests = erasure.forget.map { concept in
      let others = erasure.forget.filter { $0.name != concept.name }
      return Request(concept, keeping: erasure.preserve + others.flatMap(\.prompts))
    }
    return try erasers(for: requests, of: model, run).reduce(.zero) { $0 + $1.dense }
  }

  /// A concept, and the prompts that its eraser may not touch; the empty prompt is always among them.
  public struct Request {
    public var concept: Concept
    public var kept: [String]
    public init(_ concept: Concept, keeping kept: [String]) {
      (self.concept, self.kept) = (concept, kept)
    }
  }

  /// One eraser for each request, in their order.
  /// - Throws: ``EditingError`` when prompts leave no direction free, with what to drop
  public func erasers(
    for requests: [Request], of model: DiffusionModel, _ run: Run
  ) throws -> [SeparableIncrement] {
    let spaces = try requests.map { try space(for: $0, in: model) }
    let size = groupSize(model, requests.count)
    return try stride(from: 0, to: requests.count, by: size).flatMap { first in
      let group = first..<min(first + size, requests.count)
      return try train(Array(requests[group]), Array(spaces[group]), model, run)
    }
  }

  /// How many of `count` concepts train in one batch.
  public func groupSize(_ model: DiffusionModel, _ count: Int) -> Int {
    if form == .joint { return max(1, count) }
    return max(1, sideBySide > 0 ? sideBySide : model.latentSize >= 32 ? 1 : count)
  }

  /// The free directions of a request.
  public func space(for request: Request, in model: DiffusionModel) throws -> NullSpace {
    let prompts = [""] + request.kept
    let space = NullSpace(of: prompts, in: model, tolerance: tolerance)
    guard space.nullity == 0 else { return space }
    let held = NullSpace.shares(of: prompts, in: model, tolerance: tolerance)
      .filter { $0.rank > 0 && !$0.prompt.isEmpty }.sorted { $0.rank > $1.rank }
    let drop =
      held.isEmpty
      ? "no single prompt can be dropped to free one"
      : "most is held by \(held.prefix(3).map { "'\($0.prompt)' (\($0.rank))" }.joined(separator: ", "))"
    throw EditingError.invalid(
      "\(request.concept.name): \(prompts.count) prompts to keep use all \(space.width) directions of the "
        + "text space at tolerance \(tolerance); \(drop). Keep fewer prompts or raise the tolerance"
    )
  }

  private func train(
    _ requests: [Request], _ spaces: [NullSpace], _ model: DiffusionModel, _ run: Run
  ) throws -> [SeparableIncrement] {
    let members = try requests.map { try Member($0.concept, self, model, run) }
    let erasers = zip(spaces, members).map { space, member in
      SeparableIncrement(zeroOver: space, beta: scale(space, member), of: model)
    }
    let paths = erasers.map { $0.weights.keys.sorted() }
    let tensors = zip(erasers, paths).flatMap { e, p in p.compactMap { e.weights[$0] } }
    for tensor in tensors { tensor.requiresGradient = true }
    model.unet.recomputes = model.latentSize >= 32
    defer { model.unet.recomputes = false }
    // e (beta S)^T of every prompt, for each eraser that a concept's rows meet.
    let coordinates = members.indices.map { i in
      (form == .joint ? Array(erasers.indices) : [i]).map { j in
        (j, erasers[j].coordinates(of: members[i].prompts.hidden))  // [P, L, n_j]
      }
    }
    let names = requests.map(\.concept.name).joined(separator: ", ")
    let loop = TrainingLoop("sepme \(names.slug)", training, run)
    try loop.fit(tensors) { step in
      let active = members.indices.filter { (step.carried["mom \($0)"] ?? .infinity) > tau }
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
        // r_c(theta) * r_c(theta_0), with eps(x_t | empty) the original's in both
        ((e[i] - drawn[i].e0) * (drawn[i].ec - drawn[i].e0)).mean()
      }
      let values = correlations.map(\.item)
      let largest = values.map(abs).max() ?? 1
      var loss = regularizer(erasers, members.count)
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
      step.isEnough = members.indices.allSatisfy { (step.carried["mom \($0)"] ?? 0) <= tau }
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
  private func regularizer(_ erasers: [SeparableIncrement], _ members: Int) -> Tensor {
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

/// A concept in training: states of the original model that contain it, and its prompts.
private struct Member {
  let states: DenoisingStates
  let prompts: Conditioning
  /// Each concept draws for itself, so that it draws the same alone and in company.
  private let seed: UInt64

  init(_ concept: Concept, _ method: SepME, _ model: DiffusionModel, _ run: Run) throws {
    seed = concept.name.utf8.reduce(run.seed &+ 31) { ($0 &* 1_099_511_628_211) ^ UInt64($1) }
    let g = Generator(seed: seed >> 1)
    let chosen = (0..<method.walks).map { _ in
      concept.prompts[Tensor.randint(below: concept.prompts.count, [1], g).ints[0]]
    }
    states = try DenoisingStates.walk(
      model, chosen, steps: method.walkSteps, guidance: method.startGuidance, seed: seed >> 2
    ) { run.progress("walks \(concept.name)", $0, $1) }
    prompts = withoutGradients { model.embed(chosen) }
  }

  func step(_ index: Int) -> Step { Step(index: index, seed: seed) }
}

/// The form without separability: every weight of cross-attention, and both predictions a step.
private struct WholeSepME: ObjectiveMethod {
  static let name = "sepme-whole"
  static let card = SepME.card
  var method = SepME()
  var guarding = Guarding()
  var parameters: String { "xattn" }
  var training: Training { method.training }

  init() {}
  init(of method: SepME) { self.method = method }

  func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    Irrelevance(
      members: try erasure.forget.map { try Member($0, method, original, run) },
      empty: withoutGradients { original.embed([""]) }, original: original, method: method)
  }

  struct Irrelevance: Objective {
    let members: [Member]
    let empty: Conditioning
    let original: DiffusionModel
    let method: SepME

    func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
      let n = method.training.batch
      var total = Tensor.zeros([], on: model.device)
      for member in members {
        let d = member.states.draw(n, member.step(step.index))
        let c = Conditioning.concatenate([
          member.prompts.rows(d.prompts), empty.rows(Array(repeating: 0, count: n)),
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
      step.isEnough = mom <= method.tau
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
