package import Diffusion
internal import Processes
public import Torch
internal import TorchNN
package import Training

/// The attack that a training defends against (AdvUnlearn); `make()` gives the adversary.
public struct AdversaryOptions: Codable, Sendable, Hashable {
  /// The attack of a training: projected gradient descent, or one step of it.
  public enum Kind: String, Choice { case pgd, fast }
  /// The words that an attack begins with.
  public enum Start: String, Choice { case random, latest }

  /// `pgd` takes K steps of Adam. `fast` takes one step as long as all of them: it costs a K-th, and finds weaker
  /// prompts.
  public var kind = Kind.pgd
  /// K, steps of an attack, from 1. More steps find stronger prompts. Each costs a pass forward and backward.
  public var steps = 30
  /// Length of a step in a word embedding, above 0: 1e-3 to 0.1. Raise it where attacks hardly change the loss.
  public var rate = 1e-3
  /// k, words that the adversary writes, from 1 to the number that fits beside the prompt.
  public var tokens = 1
  /// Place of those words in the prompt: before it (the paper's), after it, between its words, before every third, or
  /// in its stead.
  public var placement = TokenPlacement.prefix
  /// Beginning of an attack: `random` words, or where the `latest` attack on the same prompt ended, which makes
  /// few steps go further.
  public var start = Start.random
  /// Whether the released code is followed instead of the paper, to repeat its figures.
  public var published = false
  /// The settings of the paper.
  public init() {}

  package func make() -> any PromptAdversary {
    published ? PublishedAdversary(self) : Adversary(self)
  }
}

/// An adversary that writes word embeddings into prompts of a model in training.
package protocol PromptAdversary {
  var options: AdversaryOptions { get }
  /// The tokens of a prompt that stay beside the adversary's.
  func words(of prompt: String, _ tokenizer: PromptTokenizer) -> PromptTokens
  /// The adversary's embeddings [B, k, D] after the attack on `model`, which stays as it is.
  /// - Parameters:
  ///   - rows: prompts that are attacked
  ///   - beginning: [B, k, D]
  func attack(
    _ model: DiffusionModel, _ states: any PromptedStates, _ rows: [Int],
    _ places: AdversarialPrompts, from beginning: Tensor, _ step: Step
  ) throws -> Tensor
}

extension PromptAdversary {
  /// The prompts with room for the adversary.
  package func places(
    for prompts: StudentPrompts, _ tokenizer: PromptTokenizer, _ model: DiffusionModel
  ) throws -> AdversarialPrompts {
    try AdversarialPrompts(
      words: prompts.texts.map { words(of: $0, tokenizer) }, tokenizer, model, options.placement,
      tokens: options.tokens)
  }

  /// Random words for `count` prompts [count, k, D].
  package func beginning(
    _ count: Int, _ tokenizer: PromptTokenizer, _ model: DiffusionModel, _ g: Generator
  ) -> Tensor {
    let words = tokenizer.decoder().words
    let picks = Tensor.randint(below: words.count, [count * options.tokens], g).ints
    return withoutGradients {
      model.wordEmbeddings(
        picks.map { words[$0] }.chunked(options.tokens).map(tokenizer.same))
    }
  }

  /// Gradient in a [B, k, D] of | eps_theta(x_t | c') - eps_o(x_t | c) |^2, on a fresh state of each prompt.
  func gradient(
    at a: Tensor, _ model: DiffusionModel, _ states: any PromptedStates, _ rows: [Int],
    _ places: AdversarialPrompts, _ step: Step
  ) throws -> Tensor {
    let d = try states.draw(rows, step)
    let e = model.predict(d.x, at: d.t, given: model.encode(places.embeddings(a)))
    // Summed over prompts: each gets the gradient it would get alone.
    let loss = Double(rows.count) * e.meanSquaredError(d.conditional)
    return meanGradients(of: loss, with: [a])[0]
  }
}

extension Array {
  func chunked(_ size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
