// The loss that diffusion models are trained with (Ho et al., 2020, eq. 14), on given pictures:
//
//   L_r = E | eps_theta(x_t | c) - eps |^2          (or v, as the schedule says); mean over elements
//
// Some pictures may be shown with an empty caption, so that the unconditional prediction of guidance is learned, or
// kept, too (Ho & Salimans, 2022). A model that learns from scratch also drops numbers where its network says so; see
// `teaching`. t is uniform over the schedule, or over a few timesteps that are given.
public import Diffusion
internal import Torch
internal import TorchNN

/// The loss that diffusion models are trained with (Ho et al., 2020, eq. 14), on given pictures.
public struct Denoising: DividedObjective {
  let set: LatentSet
  let captions: Conditioning
  let batch: Int
  let emptyShare: Double
  let drops: Bool
  let timesteps: [Int]

  /// - Parameters:
  ///   - emptyShare: share of pictures shown without their caption
  ///   - timesteps: the timesteps that t is drawn from; empty takes all of the schedule
  public init(
    _ set: LatentSet, _ model: DiffusionModel, batch: Int, emptyShare: Double = 0,
    timesteps: [Int] = []
  ) {
    self.init(
      set, model, batch: batch, emptyShare: emptyShare, drops: false, timesteps: timesteps)
  }

  /// The loss of training from scratch.
  package static func teaching(
    _ set: LatentSet, _ model: DiffusionModel, batch: Int, emptyShare: Double
  ) -> Denoising {
    Denoising(set, model, batch: batch, emptyShare: emptyShare, drops: true, timesteps: [])
  }

  private init(
    _ set: LatentSet, _ model: DiffusionModel, batch: Int, emptyShare: Double, drops: Bool,
    timesteps: [Int]
  ) {
    (self.set, self.batch, self.emptyShare, self.drops) = (set, batch, emptyShare, drops)
    self.timesteps = timesteps
    // The empty caption is the row after the last picture's.
    captions = withoutGradients {
      let own = model.embed(set.captions)
      return emptyShare > 0 ? Conditioning.concatenate([own, model.embedNothing()]) : own
    }
  }

  public func parts(
    _ model: DiffusionModel, _ step: inout Step, of count: Int
  ) -> [PartialLoss] {
    let times =
      timesteps.isEmpty
      ? nil
      : Tensor.randint(below: timesteps.count, [batch], step.generator).ints.map { timesteps[$0] }
    let d = set.draw(batch, model, step, at: times)
    let target = model.schedule.target(d.x0, d.eps, at: d.t)
    var rows = d.picks
    if emptyShare > 0 {
      let u = Tensor.rand([batch], step.generator).doubles
      rows = zip(rows, u).map { $1 < emptyShare ? set.count : $0 }
    }
    let generator = drops ? step.generator : nil
    return divided(batch, by: count) { model, part, some in
      model.unet.dropout?.generator = generator
      defer { model.unet.dropout?.generator = nil }
      let c = captions.rows(Array(rows[part]))
      return model.predict(some(d.xt), at: some(d.t), given: c).meanSquaredError(some(target))
    }
  }
}
