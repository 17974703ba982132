// The one loop. It knows no model: parameters come in as tensors, gradients from a closure.
internal import Diffusion
internal import Foundation
internal import Processes
public import Torch
internal import TorchNN

package struct TrainingLoop {
  package let stage: String
  package let training: Training
  /// The run that is told of the steps and keeps the state; nil leaves nothing on disk.
  private let run: Run?
  private let seed: UInt64
  /// Writes `STAGE.state.safetensors` now and then, and begins from it.
  package var resumes: Bool
  /// Whether the state after the last step is written too. False suits a loop whose result is taken at once.
  package var keepsLast = true
  /// Called after steps that were asked for, with the parameters as they would be kept.
  package var every: Int?
  package var observe: (Int, [Tensor]) throws -> Void = { _, _ in }
  /// Called before the first step that is done, with the number of steps that were done before an interruption and the
  /// parameters as they would be kept.
  package var begins: (Int, [Tensor]) throws -> Void = { _, _ in }
  /// Asked after ``observe``: whether to train on. False ends the loop, with the parameters of this step.
  package var goesOn: (Int, [Tensor]) throws -> Bool = { _, _ in true }

  /// Steps after which ``mark`` is called, with the parameters as they would be kept.
  package var marked: Set<Int> = []
  package var mark: (Int, [Tensor]) throws -> Void = { _, _ in }

  /// Lists of tensors of the parameters' shapes that a step holds beside its gradients.
  package var furtherLists = 0

  /// Called after every step of the optimizer, with the parameters.
  package var settles: ([Tensor]) -> Void = { _ in }

  /// The work of a training, such as pictures that a network was asked about, which the state carries over an
  /// interruption.
  package struct Work {
    /// The work that this process has done so far.
    package var done: () -> Int
    /// Called before the first step with the work that was done before an interruption.
    package var before: (Int) -> Void

    package init(done: @escaping () -> Int, before: @escaping (Int) -> Void) {
      (self.done, self.before) = (done, before)
    }
  }
  package var work: Work?

  package init(_ stage: String, _ training: Training, _ run: Run) {
    (self.stage, self.training, self.run, seed, resumes) = (stage, training, run, run.seed, true)
  }

  /// A loop without a run: no log, no files.
  package init(_ stage: String, _ training: Training, seed: UInt64) {
    (self.stage, self.training, run, self.seed, resumes) = (stage, training, nil, seed, false)
  }

  /// Minimises what `gradients` differentiates, in place, and leaves the kept weights in `parameters`.
  /// - Parameter gradients: loss and gradients of a step, in the order of `parameters`
  /// - Returns: the number of steps that are done, with those before an interruption
  /// - Throws: ``LetheError``, or what `gradients` throws
  @discardableResult
  package func fit(
    _ parameters: [Tensor],
    gradients: (inout Step) throws -> (loss: Double, gradients: [Tensor])
  ) throws -> Int {
    try requireMemory(parameters)
    var state = TrainingState(training, parameters)
    if resumes, let run, let file = stateFile {
      try state.restore(file, into: parameters, last: training.steps, identity: run.identity)
      try run.forgetEvents(ofStage: stage, from: state.step)
      if state.step > 0 {
        run.progress(stage, state.step, training.steps, "goes on from step \(state.step)")
      }
    }
    work?.before(state.work)
    try begins(state.step, state.average?.tensors ?? parameters)
    try advance(parameters, &state, to: training.steps, gradients: gradients)
    if let average = state.average {
      withoutGradients { Foreach.copy(parameters, from: average.tensors) }
    }
    return state.step
  }

  /// Refuses a training whose gradients, optimizer and average do not fit into memory, before the first step.
  private func requireMemory(_ parameters: [Tensor]) throws {
    guard let first = parameters.first, first.device == .cpu else { return }
    let count = parameters.reduce(0) { $0 + $1.count }
    try Memory.require(
      Double(count) * 4 * Double(training.lists + furtherLists),
      for: "a training of \(count) numbers", "training.offload=true, or fewer parameters")
  }

  /// Goes on from a state until `end` steps are done, in place: the same steps in one part or in several.
  /// - Throws: ``LetheError``, or what `gradients` throws
  package func advance(
    _ parameters: [Tensor], _ state: inout TrainingState, to end: Int,
    gradients: (inout Step) throws -> (loss: Double, gradients: [Tensor])
  ) throws {
    let start = Date()
    var saved = state.step
    let (worked, before) = (work?.done() ?? 0, state.work)
    /// The state with the work up to now.
    func counted(_ state: TrainingState) -> TrainingState {
      var state = state
      if let work { state.work = before + work.done() - worked }
      return state
    }
    let computing = run?.computeType?.dtype ?? (training.bfloat16 ? .bfloat16 : nil)
    var recent = 0.0
    var resting = OffloadedTensors(run?.scratch("\(stage).optimizer.safetensors"))
    defer { resting.clear() }
    for index in state.step..<max(state.step, end) {
      var step = Step(index: index, seed: seed)
      (step.carried, step.carriedTensors) = (state.carried, state.carriedTensors)
      let isLast = index + 1 == training.steps
      step.isLogged = (index + 1) % training.logEvery == 0 || isLast
      let rests = training.offload && run != nil && !state.optimizer.state.isEmpty
      if rests {
        try resting.put(state.optimizer.state)
        state.optimizer.state = [:]
      } else {
        step.preconditioner = { [optimizer = state.optimizer] in optimizer.preconditioner }
        step.trial = { [optimizer = state.optimizer] in optimizer.trial }
      }
      var scaling = computing == .float16 ? LossScaling(state.carried) : nil
      let (loss, found) = try autocast(computing, on: parameters.first?.device ?? .cpu) {
        try scaling.map { scaling in try scaling { try gradients(&step) } } ?? gradients(&step)
      }
      if rests { state.optimizer.state = try resting.take() }
      guard loss.isFinite else { throw diverged("the loss is", at: index, saved) }
      (state.carried, state.carriedTensors) = (step.carried, step.carriedTensors)
      let factor = training.schedule.factor(index, of: training.steps, warmup: training.warmup)
      let rate = training.learningRate * factor
      if step.isEnough {
        try record(step, loss, rate, seconds: Date().timeIntervalSince(start))
        run?.progress(
          stage, training.steps, training.steps, "enough after \(index.counted("step"))")
        break
      }
      var moves = true
      if scaling != nil {
        guard let accepted = scaling?.accepts(found, &state.carried) else {
          throw diverged("the gradients are", at: index, saved)
        }
        moves = accepted
      }
      if training.clip > 0, moves {
        let norm = clipNorm(found, to: training.clip)
        if step.isLogged { step.log["norm"] = norm.item }
      }
      if moves {
        state.optimizer.step(parameters, found, rate: rate)
        settles(parameters)
        state.average?.update(parameters, step: index)
      }
      state.step = index + 1
      recent = recent == 0 ? loss : 0.95 * recent + 0.05 * loss

      if step.isLogged {
        try record(step, loss, rate, seconds: Date().timeIntervalSince(start))
      }
      run?.progress(
        stage, state.step, training.steps, "loss \(String(format: "%.4f", recent))")
      if marked.contains(state.step) { try mark(state.step, state.average?.tensors ?? parameters) }
      if let every, state.step % every == 0 {
        let kept = state.average?.tensors ?? parameters
        try observe(state.step, kept)
        guard try goesOn(state.step, kept) else { break }
      }
      if state.step % training.saveEvery == 0 || isLast {
        try save(counted(state), parameters, &saved, writes: !isLast || keepsLast)
      }
      // All ranks stop after the same step.
      if (run?.ranks ?? .alone).any(Interrupt.isRequested), !isLast {
        try save(counted(state), parameters, &saved)
        throw LetheError.interrupted
      }
    }
  }

  private func record(_ step: Step, _ loss: Double, _ rate: Double, seconds: Double) throws {
    var event: [String: JSON] = [
      "stage": .string(stage), "step": .int(step.index), "loss": .number(loss),
      "seconds": .number((seconds * 1000).rounded() / 1000), "rate": .number(rate),
    ]
    for (key, value) in step.log { event[key] = .number(value) }
    if step.isEnough { event["enough"] = true }
    try run?.record(event)
  }

  private var stateFile: URL? { run?.file("\(stage).state.safetensors") }

  /// Keeps the state on disk, where the loop does so, once its weights are found to be finite.
  private func save(
    _ state: TrainingState, _ parameters: [Tensor], _ saved: inout Int, writes: Bool = true
  ) throws {
    let isFinite = (parameters + (state.average?.tensors ?? [])).allSatisfy(\.isFinite)
    guard isFinite else { throw diverged("the weights are", at: state.step, saved) }
    guard writes, resumes, let file = stateFile, state.step > saved else { return }
    try state.save(file, parameters, identity: run?.identity)
    saved = state.step
  }

  private func diverged(_ subject: String, at step: Int, _ saved: Int) -> LetheError {
    let kept = run == nil ? "" : "; the state of step \(resumes ? saved : 0) is kept"
    return LetheError(
      .diverged,
      "\(stage): \(subject) no finite number at step \(step)\(kept). Try a lower learning rate or "
        + "gradient clipping")
  }

  /// Removes the state once the stage's result is safely written.
  package func finish() {
    if WriteTurn.isMine, let file = stateFile { try? FileManager.default.removeItem(at: file) }
  }
}

/// Differentiates a loss with respect to `parameters`; those it does not reach get zeros. Where batches are divided
/// over ranks, the gradient is that of the whole batch.
public func descend(_ loss: Tensor, _ parameters: [Tensor]) -> (loss: Double, gradients: [Tensor]) {
  // Read after the pass backward is under way, so that a GPU is waited for once.
  let gradients = meanGradients(of: loss, with: parameters)
  return (loss.item, gradients)
}
