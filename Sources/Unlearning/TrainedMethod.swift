// The course of every trained method: clone, guard, training loop, parameter vector.
public import Diffusion
public import Editing
internal import Processes
public import Torch
internal import TorchNN
public import Training

/// A method that trains by a gradient rule. The protocol supplies `erase`.
public protocol TrainedMethod: UnlearningMethod {
  /// The course of the training. More `steps` forget more; a lower `learningRate` harms other prompts less.
  var training: Training { get set }
  /// Name of the ``ParameterSelection`` that is trained.
  var parameters: String { get }
  /// The guard, which stops a training that ruins prompts to keep. `limit=0` turns it off.
  var guarding: GuardOptions { get set }
  /// Pictures that go through the network at once in a step, by default those of a batch.
  var picturesAtOnce: Int { get }
  /// Numbers that the training holds beside those of the model, at least: by default a copy of the trained weights, their
  /// gradients, the optimizer's numbers and the average.
  func numbers(beside model: DiffusionModel) -> Int
  /// The model that is trained, by default with the original's weights.
  func student(
    of model: DiffusionModel, owning selection: ParameterSelection, _ run: Run
  ) throws -> DiffusionModel
  /// Whether the prompts of a step are encoded by the student, so that a text encoder can be trained.
  static var readsPromptsAnew: Bool { get }

  /// - Parameter tensors: the student's tensors that are trained
  func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule
}

extension TrainedMethod {
  public static var readsPromptsAnew: Bool { true }
  public var picturesAtOnce: Int { training.batch }
  public func numbers(beside model: DiffusionModel) -> Int { numbers(beside: model, further: 0) }

  public static var tiny: Self { tiny { _ in } }

  /// Options for a dozen large steps of two samples or more without a guard, then changed by `change`.
  public static func tiny(_ change: (inout Self) -> Void) -> Self {
    var method = Self()
    (method.training.steps, method.training.learningRate) = (12, 1e-3)
    method.training.batch = max(2, method.training.batch)
    method.guarding.limit = 0
    change(&method)
    return method
  }

  public func student(
    of model: DiffusionModel, owning selection: ParameterSelection, _ run: Run
  ) throws -> DiffusionModel { try model.clone(owning: selection.matches) }

  public func check(_ erasure: Erasure, of model: DiffusionModel) throws {
    _ = try selection(of: model)
  }

  /// The weights that are trained.
  /// - Throws: ``LetheError`` of the kind `request` for those that the model or the method does not have
  func selection(of model: DiffusionModel) throws -> ParameterSelection {
    let selection = try ParameterSelection.named(parameters)
    guard Self.readsPromptsAnew || !selection.trainsText else {
      throw LetheError.badValue(
        "parameters",
        "'\(parameters)'; \(Self.name) encodes its captions once, before the training; accepted: weights of the U-Net, such as full, noxattn, xattn"
      )
    }
    guard !selection.paths(of: model.parameters).isEmpty else {
      throw LetheError.request(
        "the model has no parameters '\(parameters)'; for a model without text, parameters=full")
    }
    try selection.requireLayers(of: model.parameters)
    return selection
  }

  public func erase(
    _ erasure: Erasure, from model: DiffusionModel, _ run: Run
  ) throws -> Erased {
    try check(erasure, of: model)
    let selection = try selection(of: model)
    if selection.name != parameters {
      run.note(
        "parameters=\(parameters) is another tool's name of '\(selection.name)', \(selection.paths(of: model.parameters).count.counted("tensor"))"
      )
    }
    let before = model.evaluations
    let original = try model.frozen(in: run.computeType)
    let student = try student(of: model, owning: selection, run)
    let step = step(on: model)
    student.unet.recomputes = model.recomputes(pictures: step.passes * step.pictures)
    let paths = selection.paths(of: student.parameters)
    let tensors = paths.compactMap { student.parameters[$0] }
    for tensor in tensors { tensor.requiresGradient = true }
    defer { for tensor in tensors { tensor.requiresGradient = false } }

    var rule = try DrawnParts.keeping(in: run) {
      try self.rule(erasure, original: original, student: student, tensors, run)
    }
    let watch = try DrawnParts.keeping(in: run) { try self.watch(erasure, original, run) }
    // The cost is the number of noisy pictures that the U-Net predicted. A pass backward is not counted.
    func evaluations() -> Int {
      let copy = original === model ? 0 : original.evaluations
      return model.evaluations - before + copy + student.evaluations
    }
    /// The change of the weights that are trained.
    func change(_ weights: [Tensor]) -> ParameterVector {
      withoutGradients {
        var vector = ParameterVector.zero
        for (path, tensor) in zip(paths, weights) {
          guard let before = model.parameters[path] else { continue }
          vector.tensors[path] = tensor.detached() - before
        }
        return vector
      }
    }
    var former = 0
    let work = TrainingLoop.Work(done: evaluations) { former = $0 }
    let verdict = try train(
      student, tensors, by: &rule, watch, work, SamplePictures(erasure, run), run
    ) { step, weights in
      guard run.ranks.isFirst else { return }
      var card = Eraser.Card()
      (card.method, card.concepts, card.seed) = (Self.name, erasure.forget.map(\.name), run.seed)
      try Run.makeFolder(run.file("snapshots"))
      try Eraser(card, change(weights)).write(to: run.file("snapshots/\(step).safetensors"))
    }
    try run.forgetEvents(ofStage: "cost", from: 0)
    try run.record(["stage": "cost", "evaluations": .int(former + evaluations())])
    return Erased(change(tensors), verdict)
  }

  /// Trains `tensors` of the student in place until the last step, or until a check is beyond the guard's limit. In the
  /// second case `tensors` end as they were at the last check within the limit. The guard checks the weights that would
  /// be kept: the moving average where there is one.
  private func train(
    _ student: DiffusionModel, _ tensors: [Tensor], by rule: inout any GradientRule,
    _ watch: CollapseGuard?, _ work: TrainingLoop.Work, _ pictures: SamplePictures?, _ run: Run,
    snapshot: @escaping (Int, [Tensor]) throws -> Void
  ) throws -> Verdict {
    var verdict = Verdict.keptWhole
    var good = GoodWeights(
      run.file("\(Self.name).good.safetensors"), identity: run.identity)
    var loop = TrainingLoop(Self.name, training, run)
    (loop.every, loop.keepsLast, loop.work) = (guarding.every, false, work)
    (loop.marked, loop.mark) = (run.snapshotSteps, snapshot)
    loop.furtherLists = rule.furtherLists
    loop.settles = { [rule] in rule.settle($0) }
    var checked = 0
    loop.begins = { step, weights in
      guard watch != nil else { return }
      checked = step - step % guarding.every
      try run.forgetEvents(ofStage: "guard", from: checked + 1)
      if step == 0 { try good.put(weights, of: 0) } else { try good.resume(at: step, weights) }
    }
    let paths = try ParameterSelection.named(parameters).paths(of: student.parameters)
    func goesOn(_ step: Int, _ weights: [Tensor]) throws -> Bool {
      guard let watch else { return true }
      let isAverage = zip(weights, tensors).contains { $0 !== $1 }
      let kept =
        try isAverage
        ? student.replacing(Dictionary(uniqueKeysWithValues: zip(paths, weights))) : student
      let drift = watch.drift(kept)
      checked = step
      try run.record([
        "stage": "guard", "step": .int(step), "drift": .number(drift),
        "limit": .number(watch.limit),
      ])
      guard drift <= watch.limit else {
        verdict = .stopped(.init(step: step, kept: good.step, drift: drift, limit: watch.limit))
        return false
      }
      try good.put(weights, of: step)
      return true
    }
    loop.goesOn = goesOn
    do {
      let done = try loop.fit(tensors) { step in
        try pictures?.draw(student, after: step.index)
        return try rule.gradient(student, over: tensors, &step)
      }
      if verdict == .keptWhole, done > checked { _ = try goesOn(done, tensors) }
    } catch let error as LetheError where error.kind == .diverged {
      try run.record(["stage": "guard", "collapsed": true, "message": .string(error.description)])
      throw error
    }
    if case .stopped(let stop) = verdict {
      try good.copy(to: tensors)
      try run.record([
        "stage": "guard", "collapsed": true, "step": .int(stop.step),
        "message": .string(verdict.warning ?? ""),
      ])
    }
    if !run.keepsStates {
      loop.finish()
      good.clear()
    }
    return verdict
  }

  func watch(
    _ erasure: Erasure, _ model: DiffusionModel, _ run: Run
  ) throws -> CollapseGuard? {
    guard guarding.limit > 0 else { return nil }
    let generator = Generator(seed: run.seed &+ 77)
    let pool = erasure.preserve
    let prompts =
      pool.isEmpty
      ? erasure.near(in: model, count: guarding.prompts, generator)
      : Tensor.permutation(pool.count, generator).prefix(guarding.prompts).map { pool[$0] }
    let states = try DenoisingStates.follow(
      model, prompts, steps: 10, guidance: 3, keeping: 5, seed: run.seed &+ 78)
    return CollapseGuard(states, prompts: prompts, limit: guarding.limit)
  }
}
