// The adversary of AdvUnlearn (Zhang, Chen, Jia, Zhang, Fan, Liu, Hong, Ding, Liu; NeurIPS 2024, eq. 5, lower level):
//
//   c'* = argmin_c'  | eps_theta(x_t | c') - eps_o(x_t | c) |^2
//
// over the word embeddings a_1 .. a_k placed in the prompt. They are free and not projected to words. With them the
// model in training predicts as the original did for the concept.
//
//   pgd    a <- Adam(a, grad), K times, each on a state of its own
//   fast   a <- a - K rate sign(grad), once
package import Diffusion
package import Torch
internal import TorchNN
package import Training

package struct Adversary: PromptAdversary {
  package let options: AdversaryOptions
  package init(_ options: AdversaryOptions) { self.options = options }

  package func words(of prompt: String, _ tokenizer: PromptTokenizer) -> PromptTokens {
    tokenizer.words(prompt)
  }

  package func attack(
    _ model: DiffusionModel, _ states: any PromptedStates, _ rows: [Int],
    _ places: AdversarialPrompts, from beginning: Tensor, _ step: Step
  ) throws -> Tensor {
    let a = beginning.detached().cloned()  // [B, k, D]
    a.requiresGradient = true
    switch options.kind {
    case .pgd:
      var adam = Adam(decoupled: false)
      for _ in 0..<max(0, options.steps) {
        let g = try gradient(at: a, model, states, rows, places, step)
        withoutGradients { adam.step([a], [g], rate: options.rate) }
      }
    case .fast:
      let g = try gradient(at: a, model, states, rows, places, step)
      withoutGradients { a.add(g.sign(), times: -Double(options.steps) * options.rate) }
    }
    return a.detached()
  }
}
