// The parts of forgetting by prompts, so that an adversary can take the prompt's place: noisy pictures of a
// concept, the original's predictions for it there, and the targets in the place of these.
public import Diffusion
public import Torch
public import Training

/// Noisy pictures of some prompts, with the original's predictions for these and the targets that take their place.
public struct PromptedDraw {
  package let x: Tensor  // x_t [B, C, h, w]
  package let t: Tensor  // [B]
  package let conditional: Tensor  // eps_o(x_t | c) [B, C, h, w]
  private let makeTarget: (DiffusionModel) -> Tensor

  /// - Parameters:
  ///   - conditional: eps_o(x_t | c), which an adversary wants back
  ///   - target: the target, given the model in training; a target of the original's alone does not use that
  public init(
    x: Tensor, t: Tensor, conditional: Tensor, target: @escaping (DiffusionModel) -> Tensor
  ) {
    (self.x, self.t, self.conditional, makeTarget) = (x, t, conditional, target)
  }

  /// The target [B, C, h, w], without a gradient.
  package func target(of model: DiffusionModel) -> Tensor {
    withoutGradients { makeTarget(model) }
  }
}

/// States of prompts, which an adversary may ask for one by one.
public protocol PromptedStates {
  /// The prompts, as the model in training is given them.
  var prompts: StudentPrompts { get }
  /// One state of each of some prompts.
  func draw(_ rows: [Int], _ step: Step) throws -> PromptedDraw
}

/// States that are computed anew each time they are drawn, as in published code.
package struct FreshStates: PromptedStates {
  package let prompts: StudentPrompts
  private let make: ([Int], UInt64) throws -> any PromptedStates

  /// - Parameter make: states of some of the prompts, one each, given a seed
  package init(
    _ prompts: StudentPrompts, make: @escaping ([Int], UInt64) throws -> any PromptedStates
  ) {
    (self.prompts, self.make) = (prompts, make)
  }

  package func draw(_ rows: [Int], _ step: Step) throws -> PromptedDraw {
    try make(rows, step.generator.split().seed).draw(Array(rows.indices), step)
  }
}

extension DenoisingStates {
  /// Indices of one state of each of some prompts.
  package func picks(ofPrompts rows: [Int], _ step: Step) -> [Int] {
    rows.map { row in step.choice(prompt.indices.filter { prompt[$0] == row }) }
  }
}
