// Keeps what the original model does for prompts that should not change:
//
//   | eps_theta(x_t | p) - eps_o(x_t | p) |^2,   p drawn from the preserved prompts.
public import Diffusion
public import Torch
public import Training

public struct Preservation: Objective {
  let states: DenoisingStates
  let embeddings: Conditioning
  let batch: Int

  public init(_ states: DenoisingStates, prompts: Conditioning, batch: Int) {
    (self.states, embeddings, self.batch) = (states, prompts, batch)
  }

  public func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    let drawn = states.draw(batch, step)
    let c = Conditioning(embeddings.hidden.indexed(0, drawn.prompts))
    return model.predict(drawn.x, at: drawn.t, given: c).meanSquaredError(drawn.ec)
  }
}
