// The distance to the original's predictions for prompts that should not change:
//
//   | eps_theta(x_t | p) - eps_o(x_t | p) |^2,   p drawn from the preserved prompts.
public import Diffusion
public import Torch
public import Training

/// The distance to the original's predictions for prompts that should not change.
public struct Preservation: Objective {
  let states: DenoisingStates
  let prompts: StudentPrompts
  let batch: Int

  /// - Parameter batch: states of a step
  public init(_ states: DenoisingStates, prompts: StudentPrompts, batch: Int) {
    (self.states, self.prompts, self.batch) = (states, prompts, batch)
  }

  /// - Parameters:
  ///   - trajectories: trajectories with prompts drawn from `prompts`, a prompt each
  ///   - steps, guidance: steps and guidance of each trajectory
  ///   - keeping: states of each trajectory; nil keeps a random quarter
  ///   - live: whether the text encoder is trained
  ///   - denoiser: the model that denoises; nil for `model` itself
  public init(
    of prompts: [String], _ model: DiffusionModel, trajectories: Int, steps: Int, guidance: Double,
    keeping: Int? = nil, batch: Int, live: Bool, by denoiser: DiffusionModel? = nil, seed: UInt64,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let order = Tensor.permutation(prompts.count, Generator(seed: seed &+ 3))
    let chosen = (0..<trajectories).map { prompts[order[$0 % order.count]] }
    let states = try DenoisingStates.follow(
      model, chosen, steps: steps, guidance: guidance, keeping: keeping ?? max(1, steps / 4),
      by: denoiser, seed: seed &+ 4, progress: progress)
    self.init(states, prompts: StudentPrompts(chosen, model, live: live), batch: batch)
  }

  public func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    // As many states as a step takes are those of the step: each counts once.
    let drawn = states.count == batch ? states.all : states.draw(batch, step)
    return model.predict(drawn.x, at: drawn.t, given: prompts.rows(drawn.prompts, of: model))
      .meanSquaredError(drawn.ec)
  }
}

extension Objective {
  /// The objective plus `weight` times the loss of keeping `prompts` as they are. Without prompts or weight it is the
  /// objective alone.
  public func preserving(
    _ prompts: [String], of model: DiffusionModel, weight: Double, trajectories: Int, steps: Int,
    guidance: Double, batch: Int, live: Bool, _ run: Run
  ) throws -> any Objective {
    guard weight > 0, !prompts.isEmpty else { return self }
    return self
      + weight
      * (try Preservation(
        of: prompts, model, trajectories: trajectories, steps: steps, guidance: guidance,
        batch: batch,
        live: live,
        seed: run.seed
      ) { run.progress("trajectories to preserve", $0, $1) })
  }
}
