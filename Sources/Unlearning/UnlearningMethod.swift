package import Diffusion
package import Editing
package import Torch
internal import TorchNN
package import Training

/// What a method is and needs, for lists, reports and checks.
package struct MethodCard: Codable, Sendable, Hashable {
  package var title: String
  package var paper: String
  package var year: Int
  /// What it changes when nothing is set.
  package var trains: String
  package init(title: String, paper: String, year: Int, trains: String) {
    (self.title, self.paper, self.year, self.trains) = (title, paper, year, trains)
  }
}

/// A way to make a model forget: a function from (request, model) to a difference. The model given
/// is never modified.
package protocol UnlearningMethod: Codable, Sendable {
  static var name: String { get }
  static var card: MethodCard { get }
  /// The paper's defaults.
  init()
  func erase(_ erasure: Erasure, from model: DiffusionModel, _ run: Run) throws -> ParameterVector
}

/// A method that trains by a gradient rule. Supplies `erase`: clone, guard, loop, difference.
package protocol TrainedMethod: UnlearningMethod {
  var training: Training { get }
  /// Name of the ``ParameterSelection`` that is trained.
  var parameters: String { get }
  var guarding: GuardOptions { get }
  /// The model that is trained; the original's weights where nothing else is said.
  func student(
    of model: DiffusionModel, owning selection: ParameterSelection, _ run: Run
  ) throws -> DiffusionModel
  /// - Parameter tensors: what is trained, of the student
  func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule
}

/// A method that works around another.
package protocol WrappingMethod: UnlearningMethod {
  /// The method inside, and its options.
  var base: String { get }
  var options: JSON { get set }
}

/// A method that descends on an objective.
package protocol ObjectiveMethod: TrainedMethod {
  func objective(_ erasure: Erasure, original: DiffusionModel, _ run: Run) throws -> any Objective
}

extension ObjectiveMethod {
  package func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule {
    Descent(try objective(erasure, original: original, run))
  }
}

/// How a training is watched; see ``CollapseGuard``.
package struct GuardOptions: Codable, Sendable, Hashable {
  package var every = 25
  /// Largest drift on the watched prompts; 0 turns the guard off.
  package var limit = 0.5
  package var prompts = 6
  package init() {}
  package init(limit: Double) { self.limit = limit }
}

extension TrainedMethod {
  package func student(
    of model: DiffusionModel, owning selection: ParameterSelection, _ run: Run
  ) throws -> DiffusionModel { try model.clone(owning: selection.matches) }

  package func erase(
    _ erasure: Erasure, from model: DiffusionModel, _ run: Run
  ) throws -> ParameterVector {
    let selection = try ParameterSelection.named(parameters)
    let before = model.evaluations
    let student = try student(of: model, owning: selection, run)
    student.unet.recomputes = model.isLarge
    let paths = selection.paths(of: student.parameters)
    guard !paths.isEmpty else {
      throw LetheError.request(
        "the model has no parameters '\(parameters)'; for a model without text, parameters=full")
    }
    let tensors = paths.compactMap { student.parameters[$0] }
    for tensor in tensors { tensor.requiresGradient = true }
    defer { for tensor in tensors { tensor.requiresGradient = false } }

    var rule = try rule(erasure, original: model, student: student, tensors, run)
    let watch = try collapseGuard(erasure, model, run)
    // The last weights that the guard found good.
    var good = OffloadedTensors(
      model.isLarge || training.offload ? run.file("\(Self.name).good.safetensors") : nil)
    defer { good.clear() }
    if watch != nil { try good.put(tensors) }
    var loop = TrainingLoop(Self.name, training, run)
    loop.every = guarding.every
    loop.observe = { step, kept in
      guard let watch else { return }
      let drift = watch.drift(student)
      try run.record([
        "stage": "guard", "step": .int(step), "drift": .number(drift),
        "limit": .number(watch.limit),
      ])
      if !(drift <= watch.limit) { throw Collapse(step: step, drift: drift, limit: watch.limit) }
      try good.put(kept)
    }
    do {
      try loop.fit(tensors) { step in try rule.gradient(student, over: tensors, &step) }
    } catch let collapse as Collapse {
      try good.copy(to: tensors)
      try run.record([
        "stage": "guard", "collapsed": true, "step": .int(collapse.step),
        "message": .string(collapse.description),
      ])
    } catch let error as LetheError where error.kind == .diverged {
      try run.record(["stage": "guard", "collapsed": true, "message": .string(error.description)])
      throw error
    }
    loop.finish()
    // Each noisy picture the U-Net was asked about counts one; a pass backward is not counted.
    try run.record([
      "stage": "cost", "evaluations": .int(model.evaluations - before + student.evaluations),
    ])
    return withoutGradients {
      var difference = ParameterVector.zero
      for (path, tensor) in zip(paths, tensors) {
        guard let before = model.parameters[path] else { continue }
        difference.tensors[path] = tensor.detached() - before
      }
      return difference
    }
  }

  private func collapseGuard(
    _ erasure: Erasure, _ model: DiffusionModel, _ run: Run
  ) throws -> CollapseGuard? {
    guard guarding.limit > 0 else { return nil }
    let generator = Generator(seed: run.seed &+ 77)
    let pool = erasure.preserve.isEmpty ? [""] : erasure.preserve
    let prompts = Tensor.permutation(pool.count, generator).prefix(guarding.prompts).map {
      pool[$0]
    }
    let states = try DenoisingStates.follow(
      model, prompts, steps: 10, guidance: 3, keeping: 5, seed: run.seed &+ 78)
    return CollapseGuard(states, prompts: prompts, limit: guarding.limit)
  }
}

/// The guard's verdict: the erasure stopped here, and what was good before it is kept.
struct Collapse: Error, CustomStringConvertible {
  var step: Int
  var drift: Double
  var limit: Double
  var description: String {
    "stopped at step \(step): what prompts that should not change give has moved by \(rounded(drift)), more than "
      + "guarding.limit \(rounded(limit)); the last state within it is kept. For more steps, lower the learning rate or "
      + "train fewer parameters"
  }
  private func rounded(_ x: Double) -> Double { (x * 1000).rounded() / 1000 }
}
