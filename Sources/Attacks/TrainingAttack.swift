package import Diffusion
internal import Editing
internal import Torch
internal import TorchNN
internal import Training

/// An attack that trains the erased model.
package protocol TrainingAttack: Attack {
  /// A step of the training: its pictures, and the numbers that it trains.
  func step(on model: DiffusionModel) -> DiffusionModel.GradientStep
}

extension Relearning: TrainingAttack {
  /// A step of the fine-tuning. The factors of a LoRA are few beside the weights.
  package func step(on model: DiffusionModel) -> DiffusionModel.GradientStep {
    let trained = mode == .full ? ParameterSelection.unet.paths(of: model.parameters) : []
    return .init(
      pictures: training.batch,
      trained: trained.reduce(0) { $0 + (model.parameters[$1]?.count ?? 0) })
  }
}
