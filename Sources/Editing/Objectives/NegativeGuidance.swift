// The loss of ESD (Gandikota et al., 2023, eq. 7):
//
//   | eps_theta(x_t | c) - [ eps_o(x_t | r) - eta ( eps_o(x_t | c) - eps_o(x_t | empty) ) ] |^2
//
// theta: trained weights, o: original weights, c: concept, r: what stands for it (empty when
// nothing does), eta: strength. Mean over elements.
public import Diffusion
public import Torch
public import Training

public struct NegativeGuidance: Objective {
  let states: DenoisingStates
  /// eps_o(x_t | r) - eta (eps_o(x_t | c) - eps_o(x_t | empty)), for every state [N, C, h, w]
  let targets: Tensor
  let embeddings: Conditioning
  let batch: Int

  /// - Parameter anchors: eps_o(x_t | r) for every state, or nil for the empty prompt
  public init(
    _ states: DenoisingStates, prompts: Conditioning, anchors: Tensor? = nil, eta: Double,
    batch: Int
  ) {
    (self.states, embeddings, self.batch) = (states, prompts, batch)
    targets =
      (anchors ?? states.unconditional) - eta * (states.conditional - states.unconditional)
  }

  public func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    let picks = Tensor.randint(below: states.count, [batch], step.generator)
    let x = states.x.indexed(0, picks.to(model.device))
    let t = states.t.indexed(0, picks.to(model.device))
    let c = Conditioning(embeddings.hidden.indexed(0, picks.ints.map { states.prompt[$0] }))
    return model.predict(x, at: t, given: c)
      .meanSquaredError(targets.indexed(0, picks.to(model.device)))
  }
}
