// Forgetting under an adversary (AdvUnlearn, Zhang et al., NeurIPS 2024, eq. 5 and algorithm 1):
//
//   min_theta  | eps_theta(x_t | c'*) - target |^2  +  gamma L_retain(theta),    c'* the adversary's answer to theta
//
// Solved in turn: the adversary attacks the weights as they are, then a step with its prompt held fixed, not
// differentiating through the attack. The first `warmup` steps are without an adversary. Retaining is a term of the
// loss, or has every second step for itself (`alternates`).
package import Diffusion
package import Torch
package import Training

package struct Adversarial: GradientRule {
  let states: any PromptedStates
  let retain: (any Objective)?
  let gamma: Double
  let alternates: Bool
  let adversary: any PromptAdversary
  let warmup: Int
  let every: Int
  let batch: Int
  private let tokenizer: PromptTokenizer
  private let places: AdversarialPrompts
  private var latest: [Int: Tensor] = [:]

  /// - Parameters:
  ///   - every: steps from one attack to the next
  ///   - batch: prompts of a step
  package init(
    _ states: any PromptedStates, retain: (any Objective)?, gamma: Double, alternates: Bool,
    _ adversary: any PromptAdversary, warmup: Int, every: Int, batch: Int, _ model: DiffusionModel
  ) throws {
    (self.states, self.retain, self.gamma) = (states, retain, gamma)
    (self.alternates, self.adversary) = (alternates, adversary)
    (self.warmup, self.every, self.batch) = (warmup, max(1, every), batch)
    tokenizer = try model.tokenizer(for: "an adversary")
    places = try adversary.places(for: states.prompts, tokenizer, model)
  }

  package mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    if alternates, let retain, step.index % 2 == 1 {
      return descend(try retain.loss(model, &step), parameters)
    }
    let count = states.prompts.texts.count
    let rows = Tensor.randint(below: count, [batch], step.generator).ints
    let given: Conditioning
    if step.index < warmup {
      given = states.prompts.rows(rows, of: model)
    } else {
      given = model.encode(places.rows(rows).embeddings(try answer(model, rows, step)))
    }
    let d = try states.draw(rows, step)
    var loss = model.predict(d.x, at: d.t, given: given).meanSquaredError(d.target)
    step.log["forget"] = loss.item
    if let retain, !alternates {
      let kept = try retain.loss(model, &step)
      step.log["retain"] = kept.item
      loss = loss + gamma * kept
    }
    return descend(loss, parameters)
  }

  /// The adversary's embeddings for some prompts [B, k, D].
  private mutating func answer(
    _ model: DiffusionModel, _ rows: [Int], _ step: Step
  ) throws -> Tensor {
    let random = adversary.beginning(rows.count, tokenizer, model, step.generator)
    let known = rows.map { latest[$0] }
    let last = Tensor.concatenate(
      zip(known, random.chunks(rows.count)).map { $0 ?? $1 })
    if (step.index - warmup) % every != 0, !known.contains(where: { $0 == nil }) { return last }
    let start = adversary.options.start == .latest ? last : random
    let found = try adversary.attack(
      model, states, rows, places.rows(rows), from: start, step)
    for (row, a) in zip(rows, found.chunks(rows.count)) { latest[row] = a }
    return found
  }
}
