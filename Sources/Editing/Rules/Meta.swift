// Meta-Unlearning (Gao, Pang, Du, Hu, Zhang, Deng, Yan, Lin; ICCV 2025): a step that also looks at what fine-tuning on the
// concept would make of the weights,
//
//   theta_FT = M steps of   phi <- phi - tau grad L(phi; D_FT),   from phi = theta
//   G  =  grad L_unlearn(theta)  +  sum_i keep_i grad L(theta; D_i)
//         - pull grad L(theta_FT; D_FT)  -  sum_i destroy_i grad L(theta_FT; D_i)
//
// D_FT: pictures of the concept, D_i: benign pictures, related to it or not; L the training loss. What fine-tuning learns
// is pulled down, and related benign concepts are to break with it (`destroy`), while the weights as they are keep them.
// First order: gradients at theta_FT are taken for gradients at theta, as in the released code, and fine-tuning works on
// the student's own tensors in place and puts them back, so that the only copy is of what it changes. `secondOrder`
// differentiates through the M steps, as the paper's formulas do, with plain gradient steps and no clipping; it keeps
// the graphs of all of them and is for small models.
public import Diffusion
public import Torch
public import TorchNN
public import Training

public struct Meta: GradientRule {
  /// One set of benign pictures, with its weights before and after the fine-tuning.
  public struct Benign {
    let name: String
    let objective: any Objective
    let keep: Double
    let destroy: Double

    public init(_ name: String, _ objective: any Objective, keep: Double, destroy: Double) {
      (self.name, self.objective, self.keep, self.destroy) = (name, objective, keep, destroy)
    }
  }
  /// The simulated fine-tuning.
  public struct Attack: Codable, Sendable, Hashable {
    /// M
    public var steps = 3
    /// tau
    public var rate = 1e-5
    public var optimizer = OptimizerOptions(.adamw, weightDecay: 1e-4)
    public var clip = 1.0
    /// Differentiates through the steps, which are then plain gradient steps.
    public var secondOrder = false
    public init() {}
  }

  var base: (any GradientRule)?
  let learned: any Objective
  let concept: any Objective
  let benign: [Benign]
  let pull: Double
  let attack: Attack
  /// What fine-tuning changes, of the student, and its names.
  let tuned: [Tensor]
  let paths: [ParameterPath]

  /// - Parameters:
  ///   - base: the method's own rule; nil where the weights are forgotten already (closed forms)
  ///   - learned, concept: the loss on pictures that fine-tuning sees, and on others of the concept
  ///   - student: whose parameters fine-tuning changes, those of `selection`; they must be its own
  public init(
    _ base: (any GradientRule)?, learned: any Objective, concept: any Objective,
    benign: [Benign], pull: Double, _ attack: Attack, of student: DiffusionModel,
    _ selection: ParameterSelection = .unet
  ) {
    (self.base, self.learned, self.concept) = (base, learned, concept)
    (self.benign, self.pull, self.attack) = (benign, pull, attack)
    paths = selection.paths(of: student.parameters)
    tuned = paths.compactMap { student.parameters[$0] }
  }

  public mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    var total: (loss: Double, gradients: [Tensor])
    if let found = try base?.gradient(model, over: parameters, &step) {
      total = found
    } else {
      total = (0, parameters.map { Tensor.zeros(like: $0) })
    }
    /// Adds weight * gradient; returns the loss and, where it is asked for, the gradient.
    func add(_ objective: any Objective, _ weight: Double, _ step: inout Step) throws -> (
      loss: Double, gradients: [Tensor]
    ) {
      let found = descend(try objective.loss(model, &step), parameters)
      withoutGradients { Foreach.add(total.gradients, found.gradients, times: weight) }
      total.loss += weight * found.loss
      return found
    }
    for set in benign {
      step.log["\(set.name) before"] = try add(set.objective, set.keep, &step).loss
    }
    step.log["concept before"] = try withoutGradients { try concept.loss(model, &step).item }
    guard !attack.secondOrder else {
      let found = try withTwiceDifferentiableAttention {
        try throughTheSteps(model, parameters, &step)
      }
      withoutGradients { Foreach.add(total.gradients, found.gradients) }
      return (total.loss + found.loss, total.gradients)
    }

    let before = tuned.map { $0.detached().cloned() }
    defer { withoutGradients { Foreach.copy(tuned, from: before) } }
    try fineTune(model, &step)
    let pulled = try add(concept, -pull, &step)
    step.log["concept after"] = pulled.loss
    for (i, set) in benign.enumerated() {
      let found = try add(set.objective, -set.destroy, &step)
      step.log["\(set.name) after"] = found.loss
      guard i == 0 else { continue }
      // How far what fine-tuning follows is what breaks the first set, which should be the related one.
      let (a, b) = (pulled.gradients, found.gradients)
      let norms = Foreach.norm(a) * Foreach.norm(b)
      step.log["cosine"] = norms > 0 ? Foreach.dot(a, b) / norms : 0
      step.log["self-destruct"] = found.loss - (step.log["\(set.name) before"] ?? found.loss)
    }
    return total
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
    if let first = benign.first?.name, let after = step.log["\(first) after"] {
      step.log["self-destruct"] = after - (step.log["\(first) before"] ?? after)
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
      let found = descend(try learned.loss(model, &step), tuned)
      if attack.clip > 0 { clipNorm(found.gradients, to: attack.clip) }
      optimizer.step(tuned, found.gradients, rate: attack.rate)
    }
  }
}
