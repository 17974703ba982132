// Noisy pictures x_t that contain a concept, and the original model's predictions there.
//
// ESD and its relatives need x_t from denoising pure noise part of the way, guided by the concept. The original model
// goes the whole way once. Every state that it passes is kept together with its two predictions, eps(x_t | empty) and
// eps(x_t | c), which guidance computes anyway. A training step then costs no sampling and no frozen network. The noise
// level of x_t is that of its timestep.
public import Diffusion
public import Torch
public import Training

/// Noisy pictures x_t that contain a concept, with the original model's two predictions there.
public struct DenoisingStates {
  /// [N, C, h, w]
  public let x: Tensor
  /// [N]
  public let t: Tensor
  /// eps(x_t | a) and eps(x_t | c), [N, C, h, w]: a is the empty prompt unless others are compared with, c the prompt.
  public let reference: Tensor
  /// eps(x_t | c), [N, C, h, w]: the original's prediction with the prompt.
  public let conditional: Tensor
  /// The index of the prompt that each state was computed with.
  public let prompt: [Int]

  /// The number of states, N.
  public var count: Int { prompt.count }

  /// - Parameters:
  ///   - model: the model whose predictions are kept
  ///   - prompts: one trajectory each
  ///   - guidance: s_g, 3 in ESD
  ///   - keeping: timesteps to keep of each trajectory, chosen at random; nil keeps all
  ///   - spreads: whether each trajectory has timesteps of its own, so that all of the training's occur; false gives
  ///     all trajectories the same ones
  ///   - denoiser: the model that denoises; nil for `model` itself
  ///   - batch: trajectories that go through the network at once; nil takes as many as fit into memory
  public static func follow(
    _ model: DiffusionModel, _ prompts: [String], steps: Int, guidance: Double,
    keeping: Int? = nil, spreads: Bool = false, by denoiser: DiffusionModel? = nil,
    batch: Int? = nil, seed: UInt64,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> DenoisingStates {
    // A model with classes may know no empty one. Its trajectories are without guidance then.
    let hasEmpty = (try? model.check([""])) != nil
    try model.check(prompts)
    return try withoutGradients {
      // Draws are made for groups of a fixed size, and do not depend on how many go through the network at once.
      let group = model.isLarge || spreads ? 1 : 8
      let shifts = try spreads ? DDIM.shifts(model.schedule, steps: steps) : nil
      let plan = Trajectory.plan(
        prompts.count, in: group, steps: steps, keeping: keeping, shifts, seed: seed)
      let size = model.latentSize
      let own = denoiser ?? model
      let empty = hasEmpty ? own.embedNothing() : nil
      var kept: [(place: (Int, Int, Int), state: DenoisingPath.State)] = []
      let most = batch ?? model.batch(atMost: model.isLarge ? 16 : 8)
      for first in stride(from: 0, to: plan.count, by: max(1, most)) {
        try Interrupt.check()
        let some = Array(plan[first..<min(first + most, plan.count)])
        var path = DenoisingPath(
          own, try ShiftedDDIM(model.schedule, steps: steps, shifts: some.map(\.shift)),
          given: own.embed(some.map { prompts[$0.prompt] }), empty: empty,
          guidance: guidance, height: size, width: size, generators: some.map(\.generator))
        // A trajectory ends at the last state that is kept.
        let deepest = some.compactMap { $0.kept.max() }.max() ?? 0
        let request: JSON = [
          "prompts": .array(prompts.map(JSON.string)), "steps": .int(steps),
          "guidance": .number(guidance), "keeping": keeping.map(JSON.int) ?? .null,
          "spreads": .bool(spreads), "other": .bool(denoiser != nil), "seed": JSON(seed),
          "together": .int(some.count),
        ]
        var parts = DrawnParts(of: request, first: first, steps: deepest + 1)
        var drawn =
          parts?.resume(&path, rows: some.count) { some[$0].kept.contains($1) } ?? []
        own.countEarlier(path.index * some.count * (path.isGuided ? 2 : 1))
        while path.index <= deepest {
          let i = path.index
          if parts?.ends(before: i) == true || Interrupt.isRequested {
            try parts?.write(drawn, path)
          }
          try Interrupt.check()
          guard let state = path.next() else { break }
          // Progress counts parts of a trajectory, because one takes minutes on a large model.
          progress(first + some.count * i / (deepest + 1), prompts.count)
          for row in some.indices where some[row].kept.contains(i) {
            drawn.append(.init(row: row, index: i, state: state.row(row)))
          }
        }
        try parts?.write(drawn, path)
        kept += drawn.map { one in
          let prompt = some[one.row].prompt
          return ((prompt / group, one.index, prompt), one.state)
        }
        progress(first + some.count, prompts.count)
      }
      kept.sort { $0.place < $1.place }
      let states = kept.map(\.state)
      let found = DenoisingStates(
        x: Tensor.concatenate(states.map(\.x)),
        t: Tensor(states.map { Float($0.timesteps[0]) }).to(model.device),
        reference: Tensor.concatenate(states.map { $0.unconditional ?? $0.conditional }),
        conditional: Tensor.concatenate(states.map(\.conditional)),
        prompt: kept.map(\.place.2))
      return denoiser == nil ? found : try found.predicted(by: model, prompts)
    }
  }

  /// The same states with the predictions of another model.
  private func predicted(by model: DiffusionModel, _ prompts: [String]) throws -> DenoisingStates {
    let empty = model.embedNothing().repeated(prompts.count)
    func found(_ c: Conditioning) throws -> Tensor {
      try predictions(of: model, given: c, at: Array(prompt.indices), between: Interrupt.check)
    }
    return try DenoisingStates(
      x: x, t: t, reference: found(empty), conditional: found(model.embed(prompts)), prompt: prompt)
  }

  /// Pictures with noise of random timesteps: x_t = sqrt(alphaBar_t) x_0 + sqrt(1 - alphaBar_t) eps, one t in each of
  /// `count` equal parts of the timesteps of every picture.
  /// - Parameters:
  ///   - c, without: rows of the prompts for ``conditional`` and ``reference``, one a picture
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
        reference: Tensor.zeros([]), conditional: Tensor.zeros([]),
        prompt: (0..<pictures.count).flatMap { Array(repeating: $0, count: count) })
      return DenoisingStates(
        x: noised.x, t: noised.t, reference: noised.predictions(of: model, given: without),
        conditional: noised.predictions(of: model, given: c), prompt: noised.prompt)
    }
  }

  /// The same states with predictions for other prompts, such as a caption without its concept, in the
  /// place of the empty prompt's.
  public func comparing(with predictions: Tensor) -> DenoisingStates {
    DenoisingStates(
      x: x, t: t, reference: predictions, conditional: conditional, prompt: prompt)
  }

  /// A model's prediction at every state, given a row of `c` for each prompt: [N, C, h, w]
  public func predictions(of model: DiffusionModel, given c: Conditioning) -> Tensor {
    predictions(of: model, given: c, at: Array(prompt.indices), between: {})
  }

  /// The prediction of the states' own model for texts in the place of their prompts: [N, C, h, w]. Predictions for the
  /// empty prompt and for the prompt itself are taken from the states.
  /// - Parameters:
  ///   - texts: a text for each prompt
  ///   - prompts: the prompts themselves
  public func predictions(
    of model: DiffusionModel, for texts: [String], inPlaceOf prompts: [String]
  ) -> Tensor {
    predictions(of: model, for: texts, inPlaceOf: prompts, between: {})
  }

  /// The same with a call of `between` before each pass of the network.
  /// - Throws: the errors of `between`, such as ``LetheError`` for an interruption
  package func predictions(
    of model: DiffusionModel, for texts: [String], inPlaceOf prompts: [String],
    between: () throws -> Void
  ) rethrows -> Tensor {
    let rest = prompt.indices.filter {
      let text = texts[prompt[$0]]
      return !text.isEmpty && text != prompts[prompt[$0]]
    }
    guard rest.count < count else {
      return try predictions(
        of: model, given: withoutGradients { model.embedKept(texts) }, at: Array(prompt.indices),
        between: between)
    }
    var places: [Int: Int] = [:]  // of a state among those that are predicted anew
    for (i, state) in rest.enumerated() { places[state] = i }
    return try withoutGradients {
      let anew =
        rest.isEmpty
        ? []
        : [
          try predictions(of: model, given: model.embedKept(texts), at: rest, between: between)
        ]
      let rows = prompt.indices.map { i in
        places[i].map { 2 * count + $0 } ?? (texts[prompt[i]].isEmpty ? i : count + i)
      }
      return Tensor.concatenate([reference, conditional] + anew).indexed(0, rows)
    }
  }

  /// A model's prediction at some states.
  private func predictions(
    of model: DiffusionModel, given c: Conditioning, at states: [Int], between: () throws -> Void
  ) rethrows -> Tensor {
    try withoutGradients {
      let batch = model.batch(atMost: 16)
      let parts = try stride(from: 0, to: states.count, by: batch).map { first -> Tensor in
        try between()
        let some = Array(states[first..<min(first + batch, states.count)])
        return model.predict(
          x.indexed(0, some), at: t.indexed(0, some), given: c.rows(some.map { prompt[$0] }))
      }
      return Tensor.concatenate(parts)
    }
  }

  /// A random batch of states: indices and their members.
  public func draw(_ count: Int, _ step: Step) -> (
    x: Tensor, t: Tensor, ea: Tensor, ec: Tensor, prompts: [Int]
  ) {
    let picks = Tensor.randint(below: self.count, [count], step.generator)
    let on = picks.to(x.device)
    return (
      x.indexed(0, on), t.indexed(0, on), reference.indexed(0, on), conditional.indexed(0, on),
      picks.ints.map { prompt[$0] }
    )
  }

  /// Every state once, in order.
  var all: (x: Tensor, t: Tensor, ea: Tensor, ec: Tensor, prompts: [Int]) {
    (x, t, reference, conditional, prompt)
  }
}
