public import Diffusion
internal import Torch

/// Prompts as the model in training is given them: embedded once, or by its own text encoder at every step.
public struct StudentPrompts {
  /// The prompts.
  public let texts: [String]
  private let words: Tensor  // [P, L, D]; the table of words is never trained
  private let fixed: Conditioning?

  /// - Parameter live: whether the text encoder is trained
  public init(_ prompts: [String], _ model: DiffusionModel, live: Bool) {
    texts = prompts
    words = withoutGradients { model.wordEmbeddings(model.keptTokens(prompts)) }
    fixed = live ? nil : withoutGradients { [words] in model.encode(words) }
  }

  /// The conditioning of some prompts, a row each; by the trained text encoder where one is trained.
  public func rows(_ picks: [Int], of model: DiffusionModel) -> Conditioning {
    fixed?.rows(picks) ?? model.encode(words.indexed(0, picks))
  }
}
