// Targets that take the place of the noise on pictures to forget:
//
//   L_f = E | target - eps_theta(x_t | c) |^2
//
//   relabel   target = eps_theta(x_t | c_m), no gradient, c_m a wrong caption: another subject of the kind at
//             random, the replacement, or the caption without the concept
//   noise     target = u, u ~ U[0, 1)^d, a regression target only; x_t is noised with Gaussian noise
//
// (EraseDiff, Wu et al., CVPR 2025; random label of SalUn.) Output and target share x_t, t and the sample
// of the codec's posterior; the released code draws two samples of it.
//
// With a pool the x_t and targets of `relabel` are computed once, by the model as it was before. Pictures of c_m are
// among those that are kept, so that the target hardly moves. A step saves one pass of the network in seven.
public import Diffusion
public import Torch
public import Training

/// The loss that sets a wrong caption's prediction, or uniform noise, in the place of the noise (EraseDiff, SalUn).
public struct Surrogate: DividedObjective {
  /// The target: a wrong caption's prediction, or uniform noise.
  public enum Kind: String, Choice { case relabel, noise }
  let set: LatentSet
  let kind: Kind
  let captions: Conditioning
  let others: Conditioning
  private let otherCaptions: [String]
  let batch: Int
  private var pool: (picks: [Int], xt: Tensor, t: Tensor, target: Tensor)?

  /// - Parameter others: c_m, one for each picture of the set; unused by `noise`
  public init(
    _ set: LatentSet, _ kind: Kind, others: [String], _ model: DiffusionModel, batch: Int
  ) {
    (self.set, self.kind, self.batch, otherCaptions) = (set, kind, batch, others)
    captions = withoutGradients { model.embed(set.captions) }
    self.others = withoutGradients { model.embed(others) }
  }

  /// The same loss over `count` states whose targets `original` gives once; 0 computes them at every step. An interrupted run
  /// leaves those that it has.
  public func pooled(
    _ count: Int, from original: DiffusionModel, seed: UInt64,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> Surrogate {
    guard count > 0, kind == .relabel else { return self }
    var copy = self
    var parts: [(xt: Tensor, t: Tensor, target: Tensor)] = []
    var picks: [Int] = []
    let kept = KeptTensors(of: [
      "surrogate targets": .array(set.captions.map(JSON.string)),
      "others": .array(otherCaptions.map(JSON.string)), "count": .int(count), "seed": JSON(seed),
    ])
    while picks.count < count {
      try Interrupt.check()
      let (some, part) = (min(16, count - picks.count), parts.count)
      let d = set.draw(some, original, Step(index: picks.count, seed: seed))
      let target: Tensor
      if let known = kept?.read(part: part, shapes: [d.xt.shape], most: some, on: original.device),
        known.done == some
      {
        target = known.tensors[0]
        original.countEarlier(some)
      } else {
        target = withoutGradients {
          original.predict(d.xt, at: d.t, given: others.rows(d.picks))
        }
        try kept?.write([target], part: part, done: some)
      }
      parts.append((d.xt, d.t, target))
      picks += d.picks
      progress(picks.count, count)
    }
    copy.pool = (
      picks, Tensor.concatenate(parts.map(\.xt)), Tensor.concatenate(parts.map(\.t)),
      Tensor.concatenate(parts.map(\.target))
    )
    return copy
  }

  public func parts(
    _ model: DiffusionModel, _ step: inout Step, of count: Int
  ) -> [PartialLoss] {
    let d = draw(model, step)
    return divided(batch, by: count) { model, part, some in
      let (x, t, rows) = (some(d.xt), some(d.t), Array(d.picks[part]))
      let target =
        d.target.map(some)
        ?? withoutGradients { model.predict(x, at: t, given: others.rows(rows)) }
      return model.predict(x, at: t, given: captions.rows(rows)).meanSquaredError(target)
    }
  }

  /// A batch with its targets; without them where the model in training gives them.
  private func draw(
    _ model: DiffusionModel, _ step: Step
  ) -> (picks: [Int], xt: Tensor, t: Tensor, target: Tensor?) {
    if let pool {
      let drawn = Tensor.randint(below: pool.picks.count, [batch], step.generator)
      let on = drawn.to(model.device)
      return (
        drawn.ints.map { pool.picks[$0] }, pool.xt.indexed(0, on), pool.t.indexed(0, on),
        pool.target.indexed(0, on)
      )
    }
    let d = set.draw(batch, model, step)
    guard kind == .noise else { return (d.picks, d.xt, d.t, nil) }
    let u = Tensor.rand(d.eps.shape, step.generator).to(model.device)
    return (d.picks, d.xt, d.t, model.schedule.target(d.x0, u, at: d.t))
  }
}
