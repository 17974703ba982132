// The one loop. It knows no model: parameters come in as tensors, gradients from a closure.
internal import Foundation
package import Torch
package import TorchNN

/// How a training goes: options that every recipe and every trained method has under `training`.
package struct Training: Codable, Sendable, Hashable {
  /// Optimizer steps, from 0. More change more; double them where a concept is still drawn.
  package var steps: Int
  /// Samples of a step, from 1. More make a step steadier and cost memory and time in proportion.
  package var batch: Int
  /// Size of a step, above 0: 1e-6 to 1e-3 for networks. Lower it where the guard stops or the loss diverges.
  package var learningRate: Double
  /// Course of the learning rate: `constant`, `linear` or `cosine` down to 0, `oneCycle`, `secondHalfLinear`.
  package var schedule: LearningRate
  /// First steps during which the learning rate rises to its value, 0 to `steps`. For recipes with high rates.
  package var warmup: Int
  /// What turns gradients into steps.
  package var optimizer: OptimizerOptions
  /// Largest norm of a step's gradient, from 0; 0 leaves it alone. 1 is usual where single steps go astray.
  package var clip: Double
  /// Decay of the moving average that is kept instead of the last weights, 0 to below 1; 0 keeps the last.
  package var averaging: Double
  /// Matrix products in bfloat16; pays where the processor has instructions for it.
  package var bfloat16 = false
  /// Whether the optimizer's state, and copies of weights, rest in files while gradients are computed: for large
  /// models where memory is short.
  package var offload = false
  /// Steps from one saved state to the next, from 1; an interrupted run goes on from the last.
  package var saveEvery = 200
  /// Steps from one line of the log to the next, from 1.
  package var logEvery = 20

  package init(
    steps: Int = 1000, batch: Int = 1, rate: Double = 1e-5, schedule: LearningRate = .constant,
    warmup: Int = 0, optimizer: OptimizerOptions = OptimizerOptions(), clip: Double = 0,
    averaging: Double = 0
  ) {
    (self.steps, self.batch, learningRate) = (steps, batch, rate)
    (self.schedule, self.warmup, self.optimizer) = (schedule, warmup, optimizer)
    (self.clip, self.averaging) = (clip, averaging)
  }
}

package struct TrainingLoop {
  package let stage: String
  package let training: Training
  package let run: Run
  /// Writes `STAGE.state.safetensors` now and then, and begins from it.
  package var resumes = true
  /// Called after steps that were asked for, with the parameters as they would be kept.
  package var every: Int?
  package var observe: (Int, [Tensor]) throws -> Void = { _, _ in }
  /// Asked after ``observe``: whether to train on. False ends the loop, with the parameters of this step.
  package var goesOn: (Int, [Tensor]) throws -> Bool = { _, _ in true }

  package init(_ stage: String, _ training: Training, _ run: Run) {
    (self.stage, self.training, self.run) = (stage, training, run)
  }

  /// Minimises what `gradients` differentiates, in place, and leaves the kept weights in `parameters`.
  /// - Parameter gradients: loss and gradients of a step, in the order of `parameters`
  /// - Throws: ``LetheError``, ``LetheError``, or what `gradients` throws
  package func fit(
    _ parameters: [Tensor],
    gradients: (inout Step) throws -> (loss: Double, gradients: [Tensor])
  ) throws {
    var optimizer = training.optimizer.make()
    var average =
      training.averaging > 0 ? MovingAverage(parameters, decay: training.averaging) : nil
    var first = 0
    var carried: [String: Double] = [:]
    if resumes, let state = try TrainingState.load(stateFile, like: parameters) {
      withoutGradients { Foreach.copy(parameters, from: state.parameters) }
      optimizer.state = state.optimizer
      if training.averaging > 0 {
        average = MovingAverage(restoring: state.average, decay: training.averaging)
      }
      (first, carried) = (state.step, state.carried)
    }
    if resumes { try run.forgetEvents(ofStage: stage, from: first) }
    let start = Date()
    var saved = first
    var recent = 0.0
    func save(_ step: Int) throws {
      guard resumes, step > saved else { return }
      try TrainingState(
        step: step, parameters: parameters, average: average?.tensors ?? [],
        optimizer: optimizer.state, carried: carried
      ).save(stateFile)
      saved = step
    }
    var resting = OffloadedTensors(run.file("\(stage).optimizer.safetensors"))
    defer { resting.clear() }
    for index in first..<max(first, training.steps) {
      var step = Step(index: index, seed: run.seed)
      step.carried = carried
      let rests = training.offload && !optimizer.state.isEmpty
      if rests {
        try resting.put(optimizer.state)
        optimizer.state = [:]
      }
      let (loss, found) = try gradients(&step)
      if rests { optimizer.state = try resting.take() }
      guard loss.isFinite else {
        throw LetheError(
          .diverged,
          "\(stage): the loss is no finite number at step \(index); the state of step "
            + "\(resumes ? saved : 0) is kept. Try a lower learning rate or gradient clipping")
      }
      carried = step.carried
      if step.isEnough {
        try run.record(
          ["stage": .string(stage), "step": .int(index), "loss": .number(loss), "enough": true])
        run.progress(stage, training.steps, training.steps, "enough after \(index) steps")
        break
      }
      if training.clip > 0 { step.log["norm"] = clipNorm(found, to: training.clip) }
      let factor = training.schedule.factor(index, of: training.steps, warmup: training.warmup)
      optimizer.step(parameters, found, rate: training.learningRate * factor)
      average?.update(parameters, step: index)
      recent = recent == 0 ? loss : 0.95 * recent + 0.05 * loss

      let done = index + 1
      if done % training.logEvery == 0 || done == training.steps {
        var event: [String: JSON] = [
          "stage": .string(stage), "step": .int(index), "loss": .number(loss),
          "seconds": .number((Date().timeIntervalSince(start) * 1000).rounded() / 1000),
          "rate": .number(training.learningRate * factor),
        ]
        for (key, value) in step.log { event[key] = .number(value) }
        try run.record(event)
      }
      run.progress(stage, done, training.steps, "loss \(String(format: "%.4f", recent))")
      if done % training.saveEvery == 0 || done == training.steps { try save(done) }
      if let every, done % every == 0 {
        let kept = average?.tensors ?? parameters
        try observe(done, kept)
        guard try goesOn(done, kept) else { break }
      }
      if Interrupt.isRequested, done < training.steps {
        try save(done)
        throw LetheError.interrupted
      }
    }
    if let average { withoutGradients { Foreach.copy(parameters, from: average.tensors) } }
  }

  private var stateFile: URL { run.file("\(stage).state.safetensors") }

  /// Removes the state once the stage's result is safely written.
  package func finish() { try? FileManager.default.removeItem(at: stateFile) }
}

/// Differentiates a loss with respect to `parameters`; those it does not reach get zeros.
package func descend(_ loss: Tensor, _ parameters: [Tensor]) -> (loss: Double, gradients: [Tensor])
{
  (loss.item, gradients(of: loss, with: parameters))
}
