// Meta-Unlearning (Gao, Pang, Du, Hu, Zhang, Deng, Yan, Lin; ICCV 2025): a step that also looks at what fine-tuning on the
// concept would make of the weights,
//
//   theta_FT = M steps of   phi <- phi - tau grad L(phi; D_FT),   from phi = theta
//   G  =  grad L_unlearn(theta)  +  sum_i keep_i grad L(theta; D_i)
//         - pull grad L(theta_FT; D_FT)  -  sum_i destroy_i grad L(theta_FT; D_i)
//
// D_FT: pictures of the concept, D_i: benign pictures, related to it or not; L the training loss. What fine-tuning learns
// is pulled down, and related benign concepts are to break with it (`destroy`), while the weights as they are keep them.
// First order: gradients at theta_FT are taken for gradients at theta, as in the released code. `secondOrder`
// differentiates through the M steps, as the paper's formulas do, with plain gradient steps and no clipping; it keeps
// the graphs of all of them and is for small models.
//
// Memory, in copies of what is trained: fine-tuning works on the student's own tensors in place and puts them back, comes
// before there is a G, and its optimizer is gone when G begins; G is summed in place. theta, its copy, a gradient and
// AdamW's two moments are 5, and with G's own optimizer 7; with `training.offload` the copy and that optimizer rest in
// files and 4 are left, where published code holds 10 (34.4 GB for SD 1.4; see docs/results/performance.md).
public import Diffusion
public import Torch
public import TorchNN
public import Training

public struct MetaGradient: GradientRule {
  /// One set of benign pictures, with its weights before and after the fine-tuning.
  package struct Benign {
    let name: String
    let objective: any Objective
    let keep: Double
    let destroy: Double

    package init(_ name: String, _ objective: any Objective, keep: Double, destroy: Double) {
      (self.name, self.objective, self.keep, self.destroy) = (name, objective, keep, destroy)
    }
  }
  /// The simulated fine-tuning.
  public struct Attack: Codable, Sendable, Hashable {
    /// M, steps of fine-tuning, from 1. Each costs a pass and its gradient.
    public var steps = 3
    /// tau, their rate, above 0. Take about that of the fine-tuning that is to fail.
    public var rate = 1e-5
    /// The optimizer of the fine-tuning; AdamW is what the released code and most fine-tuning take.
    public var optimizer = OptimizerOptions(.adamw, weightDecay: 1e-4)
    /// Largest norm of a fine-tuning gradient, from 0; 0 leaves it alone.
    public var clip = 1.0
    /// Whether to differentiate through the steps, which are then plain gradient steps; for small models.
    public var secondOrder = false
    public init() {}
  }

  var base: (any GradientRule)?
  let learned: any Objective
  let concept: any Objective
  let benign: [Benign]
  let pull: Double
  let attack: Attack
  /// The student's tensors that fine-tuning changes, and their names.
  let tuned: [Tensor]
  let paths: [ParameterPath]
  /// theta, while fine-tuning works in its place.
  private var theta: OffloadedTensors
  let picturesInPass: Int

  /// - Parameters:
  ///   - base: the method's own rule; nil where the weights are forgotten already (closed forms)
  ///   - learned, concept: the loss on pictures that fine-tuning sees, and on others of the concept
  ///   - student: whose parameters fine-tuning changes, those of `selection`; they must be its own
  ///   - offloaded: where theta rests while fine-tuning works in its place
  ///   - picturesInPass: how many pictures go through the network at once; 0 takes a batch whole
  package init(
    _ base: (any GradientRule)?, learned: any Objective, concept: any Objective,
    benign: [Benign], pull: Double, _ attack: Attack, of student: DiffusionModel,
    _ selection: ParameterSelection = .unet, offloaded: OffloadedTensors = OffloadedTensors(),
    picturesInPass: Int = 0
  ) {
    (theta, self.picturesInPass) = (offloaded, picturesInPass)
    (self.base, self.learned, self.concept) = (base, learned, concept)
    (self.benign, self.pull, self.attack) = (benign, pull, attack)
    paths = selection.paths(of: student.parameters)
    tuned = paths.compactMap { student.parameters[$0] }
  }

  public mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    var (loss, g) =
      attack.secondOrder
      ? try withTwiceDifferentiableAttention { try throughTheSteps(model, parameters, &step) }
      : try afterFineTuning(model, parameters, &step)
    for set in benign {
      let found = try add(set.keep, set.objective, to: g, model, parameters, &step)
      loss += set.keep * found
      step.log["\(set.name) before"] = found
    }
    step.log["concept before"] = try measured(concept, model, &step)
    if let found = try base?.gradient(model, over: parameters, &step) {
      withoutGradients { Foreach.add(g, found.gradients) }
      loss += found.loss
    }
    if let first = benign.first?.name, let after = step.log["\(first) after"] {
      step.log["self-destruct"] = after - (step.log["\(first) before"] ?? after)
    }
    return (loss, g)
  }

  /// The part at theta_FT: its gradient there is taken for one at theta.
  private mutating func afterFineTuning(
    _ model: DiffusionModel, _ parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    try theta.put(tuned)
    defer { theta.clear() }
    let found = Result { [self] in
      try fineTune(model, &step)
      return try tunedGradient(model, parameters, &step)
    }
    try theta.copy(to: tuned)
    return try found.get()
  }

  private func tunedGradient(
    _ model: DiffusionModel, _ parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    var (loss, g) = try descend(concept, model, parameters, &step, by: picturesInPass)
    step.log["concept after"] = loss
    let norm = Foreach.norm(g)
    // G begins in the place of the concept's gradient.
    loss *= -pull
    withoutGradients { Foreach.scale(g, by: -pull) }
    for (i, set) in benign.enumerated() {
      let found = try add(-set.destroy, set.objective, to: g, model, parameters, &step) { other in
        // How far what fine-tuning follows is what breaks the first set, which should be the related one.
        let norms = pull * norm * Foreach.norm(other)
        return i == 0 && norms > 0 ? -Foreach.dot(g, other) / norms : nil
      }
      loss -= set.destroy * found
      step.log["\(set.name) after"] = found
    }
    return (loss, g)
  }

  /// G += weight grad L; a weight of 0 costs no gradient.
  /// - Returns: L
  private func add(
    _ weight: Double, _ objective: any Objective, to g: [Tensor], _ model: DiffusionModel,
    _ parameters: [Tensor], _ step: inout Step, cosine: ([Tensor]) -> Double? = { _ in nil }
  ) throws -> Double {
    guard weight != 0 else { return try measured(objective, model, &step) }
    let found = try descend(objective, model, parameters, &step, by: picturesInPass)
    step.log["cosine"] = cosine(found.gradients) ?? step.log["cosine"]
    withoutGradients { Foreach.add(g, found.gradients, times: weight) }
    return found.loss
  }

  /// A loss without its gradient, as many pictures at once as for gradients.
  private func measured(
    _ objective: any Objective, _ model: DiffusionModel, _ step: inout Step
  ) throws -> Double {
    try withoutGradients {
      guard picturesInPass > 0, let objective = objective as? any DividedObjective else {
        return try objective.loss(model, &step).item
      }
      return try objective.parts(model, &step, of: picturesInPass)
        .map { $0.weight * (try $0.loss(model).item) }.reduce(0, +)
    }
  }

  /// The part after fine-tuning with its exact gradient by theta.
  private func throughTheSteps(
    _ model: DiffusionModel, _ parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    let trained = tuned.map(\.requiresGradient)
    for tensor in tuned { tensor.requiresGradient = true }
    defer { for (tensor, was) in zip(tuned, trained) { tensor.requiresGradient = was } }
    func with(_ phi: [Tensor]) throws -> DiffusionModel {
      try model.replacing(Dictionary(uniqueKeysWithValues: zip(paths, phi)))
    }
    var phi = tuned
    for _ in 0..<attack.steps {
      let found = gradients(
        of: try learned.loss(with(phi), &step), with: phi, createGraph: true)
      phi = zip(phi, found).map { $0 - attack.rate * $1 }
    }
    let tunedModel = try with(phi)
    let pulled = try concept.loss(tunedModel, &step)
    step.log["concept after"] = pulled.item
    var loss = -pull * pulled
    for set in benign {
      let found = try set.objective.loss(tunedModel, &step)
      step.log["\(set.name) after"] = found.item
      loss = loss - set.destroy * found
    }
    return descend(loss, parameters)
  }

  /// phi, in the place of theta.
  private func fineTune(_ model: DiffusionModel, _ step: inout Step) throws {
    let trained = tuned.map(\.requiresGradient)
    for tensor in tuned { tensor.requiresGradient = true }
    defer { for (tensor, was) in zip(tuned, trained) { tensor.requiresGradient = was } }
    var optimizer = attack.optimizer.make()
    for _ in 0..<attack.steps {
      let found = try descend(learned, model, tuned, &step, by: picturesInPass)
      if attack.clip > 0 { clipNorm(found.gradients, to: attack.clip) }
      optimizer.step(tuned, found.gradients, rate: attack.rate)
    }
  }
}
