// The loss that diffusion models are trained with (Ho et al., 2020, eq. 14), on given pictures:
//
//   L_r = E | eps_theta(x_t | c) - eps |^2          (or v, as the schedule says); mean over elements
public import Diffusion
public import Torch
public import Training

public struct Denoising: Objective {
  let set: LatentSet
  let captions: Conditioning
  let batch: Int

  public init(_ set: LatentSet, _ model: DiffusionModel, batch: Int) {
    (self.set, self.batch) = (set, batch)
    captions = withoutGradients { model.embed(set.captions) }
  }

  public func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    let d = set.draw(batch, model, step)
    return model.predict(d.xt, at: d.t, given: captions.rows(d.picks))
      .meanSquaredError(model.schedule.target(d.x0, d.eps, at: d.t))
  }
}
