// x_t that really contain a concept, and what the original model predicts there.
//
// ESD and its relatives need x_t from denoising pure noise part of the way, guided by the concept.
// The original model goes the whole way once; every state it passes is kept together with its two
// predictions, eps(x_t | empty) and eps(x_t | c), which guidance computes anyway. A training step
// then costs no sampling at all and no frozen network. Level and timestep agree exactly ("exact"
// in the specification's table of partial denoising).
public import Diffusion
public import Torch
public import Training

public struct DenoisingStates {
  /// [N, C, h, w]
  public let x: Tensor
  /// [N]
  public let t: Tensor
  /// eps(x_t | empty) and eps(x_t | prompt), [N, C, h, w]
  public let unconditional: Tensor
  public let conditional: Tensor
  /// Which of the prompts each state was followed with.
  public let prompt: [Int]

  public var count: Int { prompt.count }

  /// - Parameters:
  ///   - prompts: one trajectory each
  ///   - guidance: s_g, 3 in ESD
  ///   - keeping: timesteps to keep of each trajectory, chosen at random; nil keeps all
  public static func follow(
    _ model: DiffusionModel, _ prompts: [String], steps: Int, guidance: Double,
    keeping: Int? = nil, seed: UInt64, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> DenoisingStates {
    try model.check(prompts + [""])
    return try withoutGradients {
      let generator = Generator(seed: seed)
      var kept: [(state: DenoisingPath.State, prompts: [Int])] = []
      let size = model.latentSize
      let batch = size >= 32 ? 1 : 8
      let empty = model.embedNothing()
      for first in stride(from: 0, to: prompts.count, by: batch) {
        try Interrupt.check()
        let members = Array(first..<min(first + batch, prompts.count))
        let path = DenoisingPath(
          model, try DDIM(model.schedule, steps: steps),
          given: model.embed(members.map { prompts[$0] }), empty: empty, guidance: guidance,
          height: size, width: size, generators: members.map { _ in generator.split() })
        let choice =
          keeping.map {
            Set(Tensor.permutation(steps, generator).prefix($0))
          } ?? Set(0..<steps)
        // Nothing is followed past the last state that is kept.
        for (i, state) in path.prefix((choice.max() ?? 0) + 1).enumerated()
        where choice.contains(i) {
          kept.append((state, members))
        }
        progress(min(first + batch, prompts.count), prompts.count)
      }
      let t = kept.flatMap { state, prompts in prompts.map { _ in Float(state.timestep) } }
      return DenoisingStates(
        x: Tensor.concatenate(kept.map(\.state.x)), t: Tensor(t).to(model.device),
        unconditional: Tensor.concatenate(kept.compactMap(\.state.unconditional)),
        conditional: Tensor.concatenate(kept.map(\.state.conditional)),
        prompt: kept.flatMap(\.prompts))
    }
  }

  /// The same states with predictions for other prompts, those of a caption without its concept say,
  /// in the place of the empty prompt's.
  public func comparing(with predictions: Tensor) -> DenoisingStates {
    DenoisingStates(
      x: x, t: t, unconditional: predictions, conditional: conditional, prompt: prompt)
  }

  /// A model's prediction at every state, given a row of `c` for each prompt: [N, C, h, w]
  public func predictions(of model: DiffusionModel, given c: Conditioning) -> Tensor {
    withoutGradients {
      let parts = stride(from: 0, to: count, by: 16).map { first -> Tensor in
        let n = min(16, count - first)
        return model.predict(
          x.narrowed(0, first, n), at: t.narrowed(0, first, n),
          given: c.rows(Array(prompt[first..<(first + n)])))
      }
      return Tensor.concatenate(parts)
    }
  }

  /// A random batch of states: indices and their members.
  public func draw(_ count: Int, _ step: Step) -> (
    x: Tensor, t: Tensor, e0: Tensor, ec: Tensor, prompts: [Int]
  ) {
    let picks = Tensor.randint(below: self.count, [count], step.generator)
    let on = picks.to(x.device)
    return (
      x.indexed(0, on), t.indexed(0, on), unconditional.indexed(0, on), conditional.indexed(0, on),
      picks.ints.map { prompt[$0] }
    )
  }
}
