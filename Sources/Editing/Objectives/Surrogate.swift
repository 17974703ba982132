// What forgotten pictures are made to look like while they are unlearnt:
//
//   L_f = E | target - eps_theta(x_t | c) |^2
//
//   relabel   target = eps_theta(x_t | c_m), no gradient, c_m another caption for the same picture
//   noise     target = u, u ~ U[0, 1)^d, a regression target only; x_t is noised with Gaussian noise
//
// (EraseDiff, Wu et al., CVPR 2025; random label of SalUn.) Output and target share x_t, t and the sample
// of the codec's posterior; the released code draws two samples of it.
public import Diffusion
public import Torch
public import Training

public struct Surrogate: Objective {
  public enum Kind: String, Codable, Sendable, CaseIterable { case relabel, noise }
  let set: LatentSet
  let kind: Kind
  let captions: Conditioning
  let others: Conditioning
  let batch: Int

  /// - Parameter others: c_m, one for each picture of the set; unused by `noise`
  public init(
    _ set: LatentSet, _ kind: Kind, others: [String], _ model: DiffusionModel, batch: Int
  ) {
    (self.set, self.kind, self.batch) = (set, kind, batch)
    captions = withoutGradients { model.embed(set.captions) }
    self.others = withoutGradients { model.embed(others) }
  }

  public func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    let d = set.draw(batch, model, step)
    let target =
      switch kind {
      case .relabel:
        withoutGradients { model.predict(d.xt, at: d.t, given: others.rows(d.picks)) }
      case .noise:
        model.schedule.target(
          d.x0, Tensor.rand(d.eps.shape, step.generator).to(model.device), at: d.t)
      }
    return model.predict(d.xt, at: d.t, given: captions.rows(d.picks)).meanSquaredError(target)
  }
}
