// Random label (Golatkar et al., CVPR 2020; for diffusion models, SalUn, Fan et al., ICLR 2024, eq. 8 without its
// mask):
//
//   L = E_Df | eps_theta(x_t | c') - eps_theta(x_t | c) |^2 + alpha L_r
//
// c': another subject of the concept's kind at random; no gradient through it.
package import Diffusion
package import Editing
internal import Torch
package import Training

package struct RandomLabel: ObjectiveMethod {
  package static let name = "randomlabel"
  package static let card = MethodCard(
    title: "Random label", paper: "arXiv 1911.04933", year: 2020, trains: "the U-Net")

  package var training: Training = {
    var t = Training()
    (t.steps, t.batch, t.learningRate) = (300, 8, 1e-5)
    return t
  }()
  package var parameters = "full"
  package var alpha = 0.5
  package var data = DataOptions()
  package var guarding = GuardOptions()
  package init() {}

  package func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    let sets = try data.sets(erasure, original, run)
    return try sets.forgetting(.relabel, training.batch, run) + alpha
      * sets.retaining(training.batch)
  }
}
