// Forgetting under an adversary (AdvUnlearn, Zhang et al., NeurIPS 2024, eq. 5 and algorithm 1):
//
//   min_theta  | eps_theta(x_t | c*) - target |^2  +  gamma L_retain(theta),    c* the adversary's answer to theta
//   target  =  eps_o(x_t | a) - eta ( eps_o(x_t | c) - eps_o(x_t | a) ),        c the concept itself, not c*   (ESD)
//   target  =  sg( eps_theta(x_t | a) )                                                                        (SDD)
//
// Both problems are solved in turn. The adversary attacks the weights as they are. Then a step is taken with its prompt
// held fixed, without a gradient through the attack. Retaining is a term of the loss, or has every second step for
// itself (`alternates`). The first `warmup` steps of forgetting are without an adversary; after them every `every`-th
// step of forgetting begins with an attack. The answer to each prompt is carried from step to step, and over an
// interruption.
package import Diffusion
package import Torch
package import Training

package struct Adversarial: GradientRule {
  package let states: any PromptedStates
  let retain: (any Objective)?
  let gamma: Double
  let alternates: Bool
  let adversary: any PromptAdversary
  let warmup: Int
  let every: Int
  let batch: Int
  private let tokenizer: PromptTokenizer
  private let places: AdversarialPrompts

  /// - Parameters:
  ///   - alternates: whether retaining has every second step; without something to retain all steps forget
  ///   - warmup: steps of forgetting without an adversary
  ///   - every: steps of forgetting from one attack to the next
  ///   - batch: prompts of a step
  package init(
    _ states: any PromptedStates, retain: (any Objective)?, gamma: Double, alternates: Bool,
    _ adversary: any PromptAdversary, warmup: Int, every: Int, batch: Int, _ model: DiffusionModel
  ) throws {
    (self.states, self.retain, self.gamma) = (states, retain, gamma)
    (self.alternates, self.adversary) = (alternates && retain != nil, adversary)
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
    // Steps of forgetting before this one.
    let before = alternates ? step.index / 2 : step.index
    let count = states.prompts.texts.count
    let rows = Tensor.randint(below: count, [batch], step.generator).ints
    let given: Conditioning
    if before < warmup {
      given = states.prompts.rows(rows, of: model)
    } else {
      let attacks = (before - warmup) % every == 0
      given = model.encode(
        places.rows(rows).embeddings(try answer(model, rows, attacks: attacks, &step)))
    }
    let d = try states.draw(rows, step)
    var loss = model.predict(d.x, at: d.t, given: given)
      .meanSquaredError(d.target(of: model))
    if step.isLogged { step.log["forget"] = loss.item }
    if let retain, !alternates {
      let kept = try retain.loss(model, &step)
      if step.isLogged { step.log["retain"] = kept.item }
      loss = loss + gamma * kept
    }
    return descend(loss, parameters)
  }

  /// The adversary's embeddings for some prompts [B, k, D].
  /// - Parameter attacks: whether it attacks now; prompts without an earlier answer are attacked in any case
  private func answer(
    _ model: DiffusionModel, _ rows: [Int], attacks: Bool, _ step: inout Step
  ) throws -> Tensor {
    let random = adversary.beginning(rows.count, tokenizer, model, step.generator)
    let names = rows.map { "adversary.\($0)" }
    let known = try names.map { name -> Tensor? in
      guard let a = step.carriedTensors[name] else { return nil }
      guard a.shape == [1] + random.shape.dropFirst(), a.dtype == random.dtype else {
        throw LetheError.model(
          "the stored state has \(a.dtype)\(a.shape) as '\(name)'; accepted: one prompt's \(random.shape.dropFirst()) of \(random.dtype)"
        )
      }
      return a
    }
    let last = Tensor.concatenate(zip(known, random.chunks(rows.count)).map { $0 ?? $1 })
    if !attacks, !known.contains(where: { $0 == nil }) { return last }
    let start = adversary.options.start == .latest ? last : random
    // Between attacks the last answers stay.
    let open = known.indices.filter { attacks || known[$0] == nil }
    let asked = open.map { rows[$0] }
    let found = try adversary.attack(
      model, states, asked, places.rows(asked), from: start.indexed(0, open), step
    ).chunks(open.count)
    for (i, a) in zip(open, found) { step.carriedTensors[names[i]] = a.cloned() }
    var answers = known
    for (i, a) in zip(open, found) { answers[i] = a }
    return Tensor.concatenate(answers.compactMap(\.self))
  }
}
