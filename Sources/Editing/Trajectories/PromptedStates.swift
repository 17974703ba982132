// The parts of forgetting by prompts, so that an adversary can take the prompt's place: noisy pictures of a
// concept, the original's predictions for it there, and the targets in the place of these.
package import Torch
package import Training

package struct PromptedDraw {
  package let x: Tensor  // x_t [B, C, h, w]
  package let t: Tensor  // [B]
  package let conditional: Tensor  // eps_o(x_t | c) [B, C, h, w]
  package let target: Tensor  // [B, C, h, w]
}

package protocol PromptedStates {
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
