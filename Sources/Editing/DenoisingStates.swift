// x_t that really contain a concept, and what the original model predicts there.
//
// ESD and its relatives need x_t from denoising pure noise part of the way, guided by the concept.
// The original model trajectories the whole way once; every state it passes is kept together with its two
// predictions, eps(x_t | empty) and eps(x_t | c), which guidance computes anyway. A training step
// then costs no sampling at all and no frozen network. Level and timestep agree exactly ("exact"
// in the specification's table of partial denoising).
package import Diffusion
package import Torch
package import Training

package struct DenoisingStates {
  /// [N, C, h, w]
  package let x: Tensor
  /// [N]
  package let t: Tensor
  /// eps(x_t | empty) and eps(x_t | prompt), [N, C, h, w]
  package let unconditional: Tensor
  package let conditional: Tensor
  /// Which of the prompts each state was followed with.
  package let prompt: [Int]

  package var count: Int { prompt.count }

  /// - Parameters:
  ///   - prompts: one walk each
  ///   - guidance: s_g of the walk, 3 in ESD
  ///   - keeping: timesteps to keep of each walk, chosen at random; nil keeps all
  package static func follow(
    _ model: DiffusionModel, _ prompts: [String], steps: Int, guidance: Double,
    keeping: Int? = nil, seed: UInt64, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> DenoisingStates {
    try model.check(prompts + [""])
    return try withoutGradients {
      let generator = Generator(seed: seed)
      var kept: (x: [Tensor], t: [Double], e0: [Tensor], ec: [Tensor], prompt: [Int]) = (
        [], [], [], [], []
      )
      let size = model.latentSize
      let batch = size >= 32 ? 1 : 8
      let empty = model.embed([""])
      for first in stride(from: 0, to: prompts.count, by: batch) {
        try Interrupt.check()
        let members = Array(first..<min(first + batch, prompts.count))
        let sampler = try DDIM(model.schedule, steps: steps)
        let shape = [1, model.unet.inChannels, size, size]
        let seeds = members.map { _ in generator.split() }
        var x = Tensor.concatenate(seeds.map { Tensor.randn(shape, $0) }).to(model.device)
        let n = members.count
        let c = Conditioning.concatenate([
          empty.repeated(n), model.embed(members.map { prompts[$0] }),
        ])
        let cache = KeyValueCache()
        let choice =
          keeping.map {
            Set(Tensor.permutation(steps, generator).prefix($0))
          } ?? Set(0..<steps)
        // Nothing is followed past the last state that is kept.
        for (i, timestep) in sampler.timesteps.enumerated() where i <= choice.max() ?? 0 {
          let t = Tensor.full([2 * n], timestep).to(model.device)
          let e = model.predict(Tensor.concatenate([x, x]), at: t, given: c, cache: cache).chunks(2)
          if choice.contains(i) {
            kept.x.append(x)
            kept.t += Array(repeating: timestep, count: n)
            kept.e0.append(e[0])
            kept.ec.append(e[1])
            kept.prompt += members
          }
          x = sampler.step(e[0] + guidance * (e[1] - e[0]), i, x) { x }
        }
        progress(min(first + batch, prompts.count), prompts.count)
      }
      return DenoisingStates(
        x: Tensor.concatenate(kept.x), t: Tensor(kept.t.map { Float($0) }).to(model.device),
        unconditional: Tensor.concatenate(kept.e0), conditional: Tensor.concatenate(kept.ec),
        prompt: kept.prompt)
    }
  }

  /// The same states with predictions for other prompts, those of a caption without its concept say,
  /// in the place of the empty prompt's.
  package func comparing(with predictions: Tensor) -> DenoisingStates {
    DenoisingStates(
      x: x, t: t, unconditional: predictions, conditional: conditional, prompt: prompt)
  }

  /// What a model predicts at every state, given a row of `c` for each prompt: [N, C, h, w]
  package func predictions(of model: DiffusionModel, given c: Conditioning) -> Tensor {
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
  package func draw(_ count: Int, _ step: Step) -> (
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
