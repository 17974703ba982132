// The adversary of AdvUnlearn's released code, on which its figures depend. It departs from the paper in three ways:
//
//   gradients add up over the steps:   s <- s + grad,  or  s <- sign(s + grad)  of `fast`;   a <- Adam(a, s)
//   the update of the last step is lost: K - 1 of K count
//   prompts are cut by words instead of tokens: "nudity", two tokens, becomes its first
package import Diffusion
package import Torch
internal import TorchNN
package import Training

package struct PublishedAdversary: PromptAdversary {
  package let options: AdversaryOptions
  package init(_ options: AdversaryOptions) { self.options = options }

  package func words(of prompt: String, _ tokenizer: PromptTokenizer) -> PromptTokens {
    let count = prompt.split(separator: " ").count
    return PromptTokens(
      tokenizer.words(prompt).rows.map {
        Array($0.prefix(count) + $0.dropFirst(count + options.tokens))
      })
  }

  package func attack(
    _ model: DiffusionModel, _ states: any PromptedStates, _ rows: [Int],
    _ places: AdversarialPrompts, from beginning: Tensor, _ step: Step
  ) throws -> Tensor {
    let a = beginning.detached().cloned()  // [B, k, D]
    a.requiresGradient = true
    var adam = Adam(decoupled: false)
    var sum = Tensor.zeros(like: a)
    for _ in 0..<max(0, options.steps - 1) {
      let g = try gradient(at: a, model, states, rows, places, step)
      withoutGradients {
        sum = options.kind == .fast ? (sum + g).sign() : sum + g
        adam.step([a], [sum], rate: options.rate)
      }
    }
    return a.detached()
  }
}
