// Noisy pictures x_t that contain a concept, and the original model's predictions there.
//
// ESD and its relatives need x_t from denoising pure noise part of the way, guided by the concept. The original model
// goes the whole way once. Every state that it passes is kept together with its two predictions, eps(x_t | empty) and
// eps(x_t | c), which guidance computes anyway. A training step then costs no sampling and no frozen network. The noise
// level of x_t is that of its timestep.
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
  ///   - spreads: whether each trajectory has timesteps of its own, so that all of the training's occur; false gives all
  ///     trajectories the same ones
  public static func follow(
    _ model: DiffusionModel, _ prompts: [String], steps: Int, guidance: Double,
    keeping: Int? = nil, spreads: Bool = false, seed: UInt64,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> DenoisingStates {
    try model.check(prompts + [""])
    return try withoutGradients {
      let generator = Generator(seed: seed)
      var kept: [(state: DenoisingPath.State, prompts: [Int])] = []
      let size = model.latentSize
      let batch = size >= 32 || spreads ? 1 : 8
      let range = try spreads ? DDIM.shifts(model.schedule, steps: steps) : 0...0
      let shifts = spreads ? Tensor.permutation(range.count, generator) : [0]
      let empty = model.embedNothing()
      for first in stride(from: 0, to: prompts.count, by: batch) {
        try Interrupt.check()
        let members = Array(first..<min(first + batch, prompts.count))
        let path = DenoisingPath(
          model,
          try DDIM(
            model.schedule, steps: steps,
            shift: range.lowerBound + shifts[first / batch % shifts.count]),
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

  /// Pictures with noise of random timesteps: x_t = sqrt(alphaBar_t) x_0 + sqrt(1 - alphaBar_t) eps, one t in each of
  /// `count` equal parts of the timesteps of every picture.
  /// - Parameters:
  ///   - c, without: rows of the prompts for ``conditional`` and ``unconditional``, one a picture
  public static func noising(
    _ pictures: LatentSet, _ model: DiffusionModel, each count: Int, given c: Conditioning,
    without: Conditioning, seed: UInt64
  ) -> DenoisingStates {
    withoutGradients {
      let steps = model.schedule.steps
      let parts = (0..<pictures.count).map { i in
        let step = Step(index: i, seed: seed)
        let times = Tensor.rand([count], step.generator).doubles.enumerated().map { bin, u in
          min(steps - 1, Int((Double(bin) + u) * Double(steps) / Double(count)))
        }
        return pictures.picture(i).draw(count, model, step, at: times)
      }
      let noised = DenoisingStates(
        x: Tensor.concatenate(parts.map(\.xt)),
        t: Tensor.concatenate(parts.map { $0.t.to(.float32) }),
        unconditional: Tensor.zeros([]), conditional: Tensor.zeros([]),
        prompt: (0..<pictures.count).flatMap { Array(repeating: $0, count: count) })
      return DenoisingStates(
        x: noised.x, t: noised.t, unconditional: noised.predictions(of: model, given: without),
        conditional: noised.predictions(of: model, given: c), prompt: noised.prompt)
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
