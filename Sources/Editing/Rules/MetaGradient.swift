// Meta-Unlearning (Gao, Pang, Du, Hu, Zhang, Deng, Yan, Lin; ICCV 2025): a step that also uses gradients at the weights
// that fine-tuning on the concept would make,
//
//   1  theta_FT <- theta;   M times  theta_FT <- theta_FT - tau d( grad L(theta_FT; D_FT) )      (SimulatedFineTuning)
//   2  G <- - pull grad L(theta_FT; D'_FT)  -  sum_i destroy_i grad L(theta_FT; D_i)
//   3  G <- G + sum_i keep_i grad L(theta; D_i)
//   4  G <- G + grad L_unlearn(theta)                                                        around trained methods
//
// This is the order of the paper's algorithm 1. The released code takes 3 and 4 before 1 and 2, and holds G meanwhile.
// D_FT and D'_FT: pictures of the concept, D_i: benign pictures, related to it or not; L the training loss. The pull
// raises the concept's loss at theta_FT, and `keep` holds the benign losses at theta. `destroy` weighs the paper's
// self-destruction: benign losses rise at theta_FT, so that who fine-tunes on the concept ruins what is related to it. The
// log has it as `self-destruct`.
// First order: gradients at theta_FT are taken for gradients at theta, as in the released code. `secondOrder`
// differentiates through the M steps, as the paper's formulas do; it keeps the graphs of all of them and is for small
// models.
// Each set has one draw a step: its losses before and after the fine-tuning are of the same pictures, timesteps and
// noise. A loss of weight 0 is for the log, and is computed in logged steps alone.
//
// Memory, in copies of the trained weights: fine-tuning works on the student's own tensors in place and puts them back.
// It is done, and its optimizer freed, before G is begun. G is summed in place. theta, its copy, a gradient and AdamW's
// two moments are 5 copies, and 7 with G's own optimizer. With `training.offload` the copy and that optimizer rest in
// files, and 4 are left. Published code holds 10 (34.4 GB for SD 1.4; see docs/results/performance.md).
public import Diffusion
internal import Processes
public import Torch
public import TorchNN
public import Training

/// The rule of Meta-Unlearning (Gao et al., ICCV 2025): gradients at the weights, and at those after simulated
/// fine-tuning.
public struct MetaGradient: GradientRule {
  /// One set of benign pictures, with its weights before the fine-tuning (`keep`) and of self-destruction after it
  /// (`destroy`).
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
    /// M, steps of fine-tuning, from 0. Each costs a pass and its gradient. 0 is the control without an attack.
    public var steps = 3
    /// tau, their rate, above 0. Take about that of the fine-tuning that is to fail.
    public var rate = 1e-5
    /// The optimizer of the fine-tuning. The released code and most fine-tuning take AdamW.
    public var optimizer = OptimizerOptions(.adamw, weightDecay: 1e-4)
    /// Largest norm of a fine-tuning gradient, from 0; 0 leaves it alone. Second-order steps of `adam` and `adamw` have
    /// one length and do not use it.
    public var clip = 1.0
    /// Whether to differentiate through the steps; for small models. Steps of `adam` and `adamw` then go along the
    /// gradient with the length of Adam's first step. Steps of `sgd` are its own without momentum.
    public var secondOrder = false
    /// Three steps of AdamW.
    public init() {}
  }

  var base: (any GradientRule)?
  let concept: any Objective
  let benign: [Benign]
  package let pull: Double
  let attack: Attack
  private let fineTuning: SimulatedFineTuning
  /// theta, while fine-tuning works in its place.
  private var theta: OffloadedTensors
  let picturesInPass: Int

  /// - Parameters:
  ///   - base: the method's own rule; nil where the weights are forgotten already (closed forms)
  ///   - learned, concept: the loss on pictures that fine-tuning sees, and on others of the concept
  ///   - student: the model whose parameters of `selection` fine-tuning changes; they must be its own
  ///   - offloaded: the store of theta while fine-tuning works in its place
  ///   - picturesInPass: pictures that go through the network at once; 0 takes a batch whole
  package init(
    _ base: (any GradientRule)?, learned: any Objective, concept: any Objective,
    benign: [Benign], pull: Double, _ attack: Attack, of student: DiffusionModel,
    _ selection: ParameterSelection = .unet, offloaded: OffloadedTensors = OffloadedTensors(),
    picturesInPass: Int = 0
  ) {
    (theta, self.picturesInPass) = (offloaded, picturesInPass)
    (self.base, self.concept) = (base, concept)
    (self.benign, self.pull, self.attack) = (benign, pull, attack)
    let paths = selection.paths(of: student.parameters)
    fineTuning = SimulatedFineTuning(
      attack: attack, learned: learned, tuned: paths.compactMap { student.parameters[$0] },
      paths: paths, picturesInPass: picturesInPass)
  }

  /// The draws of one step: that of the fine-tuning, and one for each set before and after it.
  private struct Draws {
    let seed: UInt64
    let isLogged: Bool
    var learned: Step { Step(index: 0, seed: seed) }
    var concept: Step { Step(index: 1, seed: seed) }
    func benign(_ i: Int) -> Step { Step(index: 2 + i, seed: seed) }
  }

  public mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    let draws = Draws(seed: step.generator.split().seed, isLogged: step.isLogged)
    var losses = MetaLosses(benign: benign.map { _ in .init() })
    var total = WeightedGradient()
    if pull != 0 || benign.contains(where: { $0.destroy != 0 }) || step.isLogged {
      if attack.secondOrder {
        total = try withTwiceDifferentiableAttention {
          try throughTheSteps(model, parameters, draws, &losses)
        }
      } else {
        total = try afterFineTuning(model, parameters, draws, &losses)
      }
    }
    for (i, set) in benign.enumerated() {
      losses.benign[i].before = try add(
        set.keep, set.objective, draws.benign(i), to: &total, model, parameters, draws)
    }
    if draws.isLogged {
      losses.concept.before = try unweighted(concept, draws.concept, model)
    }
    if let found = try base?.gradient(model, over: parameters, &step) {
      total.add(1, (Tensor.scalar(found.loss), found.gradients))
    }
    step.log.merge(losses.log(of: benign.map(\.name))) { $1 }
    return (total.loss?.item ?? 0, total.gradients(like: parameters))
  }

  /// The part at theta_FT. Its gradient there stands for the gradient at theta.
  private mutating func afterFineTuning(
    _ model: DiffusionModel, _ parameters: [Tensor], _ draws: Draws, _ losses: inout MetaLosses
  ) throws -> WeightedGradient {
    try theta.put(fineTuning.tuned)
    defer { theta.clear() }
    let found = Result { [self] in
      var draw = draws.learned
      try fineTuning.inPlace(model, &draw)
      return try tunedGradient(model, parameters, draws, &losses)
    }
    try theta.copy(to: fineTuning.tuned)
    return try found.get()
  }

  private func tunedGradient(
    _ model: DiffusionModel, _ parameters: [Tensor], _ draws: Draws, _ losses: inout MetaLosses
  ) throws -> WeightedGradient {
    var total = WeightedGradient()
    losses.concept.after = try add(
      -pull, concept, draws.concept, to: &total, model, parameters, draws)
    for (i, set) in benign.enumerated() {
      let pulled = i == 0 && draws.isLogged && pull != 0 ? total.sum : []
      losses.benign[i].after = try add(
        -set.destroy, set.objective, draws.benign(i), to: &total, model, parameters, draws
      ) { found in
        let norms = Foreach.norm(pulled) * Foreach.norm(found)
        if norms > 0 { losses.cosine = -Foreach.dot(pulled, found) / norms }
      }
    }
    return total
  }

  /// G += weight grad L on a draw; a weight of 0 costs no gradient.
  /// - Returns: L; nil where it has no place in the log
  private func add(
    _ weight: Double, _ objective: any Objective, _ draw: Step, to total: inout WeightedGradient,
    _ model: DiffusionModel, _ parameters: [Tensor], _ draws: Draws,
    seen: ([Tensor]) -> Void = { _ in }
  ) throws -> Double? {
    guard weight != 0 else {
      return draws.isLogged ? try unweighted(objective, draw, model) : nil
    }
    var draw = draw
    let found = try unreadDescent(objective, model, parameters, &draw, by: picturesInPass)
    seen(found.gradients)
    total.add(weight, found)
    return draws.isLogged ? found.loss.item : nil
  }

  /// A loss without its gradient, with as many pictures in a pass as for gradients.
  private func unweighted(
    _ objective: any Objective, _ draw: Step, _ model: DiffusionModel
  ) throws -> Double {
    var draw = draw
    return try measured(objective, model, &draw, by: picturesInPass)
  }

  /// The part after fine-tuning with its exact gradient by theta.
  private func throughTheSteps(
    _ model: DiffusionModel, _ parameters: [Tensor], _ draws: Draws, _ losses: inout MetaLosses
  ) throws -> WeightedGradient {
    let tuned = fineTuning.tuned
    let trained = tuned.map(\.requiresGradient)
    for tensor in tuned { tensor.requiresGradient = true }
    defer { for (tensor, was) in zip(tuned, trained) { tensor.requiresGradient = was } }
    var (learned, draw) = (draws.learned, draws.concept)
    let other = try fineTuning.unrolled(model, &learned)
    let pulled = try concept.loss(other, &draw)
    if draws.isLogged { losses.concept.after = pulled.item }
    var loss = -pull * pulled
    for (i, set) in benign.enumerated() where set.destroy != 0 || draws.isLogged {
      var draw = draws.benign(i)
      let found = try set.objective.loss(other, &draw)
      if draws.isLogged { losses.benign[i].after = found.item }
      loss = loss - set.destroy * found
    }
    return WeightedGradient(
      loss: loss.detached().inFloat64(), sum: meanGradients(of: loss, with: parameters))
  }
}
