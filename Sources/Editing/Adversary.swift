// The adversary of AdvUnlearn (Zhang, Chen, Jia, Zhang, Fan, Liu, Hong, Ding, Liu; NeurIPS 2024, eq. 5, lower level):
//
//   c'* = argmin_c'  | eps_theta(x_t | c') - eps_o(x_t | c) |^2
//
// over the word embeddings a_1 .. a_k placed in the prompt, free and not projected to words: what makes the model in
// training predict what the original predicted for the concept. `pgd`: K steps of Adam, each on a state of its own;
// `fast`: one step of length K . rate against the gradient's sign. The gradient is that of the step alone, and the
// last update counts; with `published` gradients add up over the steps, the last update is lost, and prompts are cut
// by words instead of tokens ("nudity", two tokens, becomes its first), as in the released code.
package import Diffusion
package import Torch
internal import TorchNN
package import Training

package struct Adversary: Codable, Sendable, Hashable {
  package enum Kind: String, Codable, Sendable, CaseIterable { case pgd, fast }
  package enum Start: String, Codable, Sendable, CaseIterable {
    /// Random words.
    case random
    /// Where the last attack on the same prompt ended.
    case latest
  }
  package var kind = Kind.pgd
  /// K
  package var steps = 30
  package var rate = 1e-3
  /// k
  package var tokens = 1
  package var placement = TokenPlacement.prefix
  package var start = Start.random
  package var published = false
  package init() {}

  /// The prompts with room for the adversary.
  package func places(
    for prompts: StudentPrompts, _ tokenizer: CLIPTokenizer, _ model: DiffusionModel
  ) throws -> AdversarialPrompts {
    let words = prompts.texts.map { text -> [Int] in
      let ids = tokenizer.words(text)
      guard published else { return ids }
      let count = text.split(separator: " ").count
      return Array(ids.prefix(count) + ids.dropFirst(count + tokens))
    }
    return try AdversarialPrompts(words: words, tokenizer, model, placement, tokens: tokens)
  }

  /// Random words for `count` prompts [count, k, D].
  package func beginning(
    _ count: Int, _ tokenizer: CLIPTokenizer, _ model: DiffusionModel, _ g: Generator
  ) -> Tensor {
    let words = tokenizer.decoder().words
    let picks = Tensor.randint(below: words.count, [count * tokens], g).ints
    return withoutGradients {
      model.wordEmbeddings(picks.map { words[$0] }.chunked(tokens))
    }
  }

  /// The adversary's embeddings [B, k, D] after the attack on `model`, which stays as it is.
  /// - Parameters:
  ///   - rows: prompts that are attacked
  ///   - beginning: [B, k, D]
  package func attack(
    _ model: DiffusionModel, _ states: any PromptedStates, _ rows: [Int],
    _ places: AdversarialPrompts, from beginning: Tensor, _ step: Step
  ) throws -> Tensor {
    let a = beginning.detached().cloned()
    a.requiresGradient = true
    var adam = Adam(decoupled: false)
    var sum = Tensor.zeros(like: a)
    let rounds = kind == .fast && !published ? 1 : published ? steps - 1 : steps
    for _ in 0..<rounds {
      let d = try states.draw(rows, step)
      let found = model.predict(d.x, at: d.t, given: model.encode(places.embeddings(a)))
      // Summed over prompts: each gets the gradient it would get alone.
      let loss = Double(rows.count) * found.meanSquaredError(d.conditional)
      var gradient = gradients(of: loss, with: [a])[0]
      withoutGradients {
        if published {
          sum = sum + gradient
          gradient = sum
        }
        if kind == .fast {
          gradient = gradient.sign()
          if published { sum = gradient }
        }
        if kind == .fast, !published {
          a.add(gradient, times: -Double(steps) * rate)
        } else {
          adam.step([a], [gradient], rate: rate)
        }
      }
    }
    return a.detached()
  }
}

extension Array {
  func chunked(_ size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
