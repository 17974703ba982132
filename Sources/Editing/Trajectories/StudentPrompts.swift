package import Diffusion
internal import Torch

/// Prompts as the model in training is given them: embedded once, or by its own text encoder at every step.
package struct StudentPrompts {
  package let texts: [String]
  private let words: Tensor  // [P, L, D]; the table of words is never trained
  private let fixed: Conditioning?

  /// - Parameter live: whether the text encoder is trained
  package init(_ prompts: [String], _ model: DiffusionModel, live: Bool) {
    texts = prompts
    words = withoutGradients { model.wordEmbeddings(prompts.map(model.tokens)) }
    fixed = live ? nil : withoutGradients { [words] in model.encode(words) }
  }

  package func rows(_ picks: [Int], of model: DiffusionModel) -> Conditioning {
    fixed?.rows(picks) ?? model.encode(words.indexed(0, picks))
  }
}
