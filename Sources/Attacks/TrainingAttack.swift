package import Diffusion
internal import Editing
internal import Torch
internal import TorchNN
internal import Training

/// An attack that trains the erased model.
package protocol TrainingAttack: Attack {
  /// A step of the training: its pictures, and the numbers that it holds beside the erased model.
  func step(on model: DiffusionModel) -> DiffusionModel.GradientStep
}

extension Relearning: TrainingAttack {
  /// A step of the fine-tuning. The factors of a LoRA are few beside the weights.
  package func step(on model: DiffusionModel) -> DiffusionModel.GradientStep {
    let paths = mode == .full ? ParameterSelection.unet.paths(of: model.parameters) : []
    let trained = paths.reduce(0) { $0 + (model.parameters[$1]?.count ?? 0) }
    return .init(pictures: training.batch, numbers: trained * (1 + training.lists))
  }
}
