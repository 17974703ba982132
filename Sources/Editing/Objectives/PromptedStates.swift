// What forgetting by prompts is made of, so that an adversary can take the prompt's place: noisy pictures of a
// concept, what the original predicts for it there, and what is to be predicted instead.
public import Torch
public import Training

public struct PromptedDraw {
  public let x: Tensor  // x_t [B, C, h, w]
  public let t: Tensor  // [B]
  public let conditional: Tensor  // eps_o(x_t | c) [B, C, h, w]
  public let target: Tensor  // [B, C, h, w]
}

public protocol PromptedStates {
  var prompts: StudentPrompts { get }
  /// One state of each of some prompts.
  func draw(_ rows: [Int], _ step: Step) throws -> PromptedDraw
}

/// States that are walked to anew each time they are drawn, as published code does.
public struct FreshStates: PromptedStates {
  public let prompts: StudentPrompts
  private let make: ([Int], UInt64) throws -> any PromptedStates

  /// - Parameter make: states of some of the prompts, one each, given a seed
  public init(
    _ prompts: StudentPrompts, make: @escaping ([Int], UInt64) throws -> any PromptedStates
  ) {
    (self.prompts, self.make) = (prompts, make)
  }

  public func draw(_ rows: [Int], _ step: Step) throws -> PromptedDraw {
    try make(rows, step.generator.split().seed).draw(Array(rows.indices), step)
  }
}
