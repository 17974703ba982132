// Fine-tuning on the rest (FT): the model trains on pictures to keep alone and may forget what it no longer
// sees.    L = L_r
package import Diffusion
package import Editing
internal import Torch
package import Training

package struct FineTune: ObjectiveMethod {
  package static let name = "finetune"
  package static let card = MethodCard(
    title: "Fine-tuning on the rest", paper: "baseline", year: 2020, trains: "the U-Net")

  package var training: Training = {
    var t = Training()
    (t.steps, t.batch, t.learningRate) = (200, 16, 1e-5)
    return t
  }()
  package var parameters = "full"
  package var data = DataOptions()
  package var guarding = GuardOptions()
  package init() {}

  package func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    Denoising(
      try data.retainSet(erasure, original, run), original, batch: training.batch,
      emptyShare: data.share(for: original))
  }
}
