public import Diffusion
public import Editing
public import Torch
public import Training

/// A method that trains on pictures.
public protocol DataMethod: TrainedMethod, PassOptions {
  /// The pictures to forget and to keep: those of the request's folders, or the model's own.
  var data: DataOptions { get set }
}

extension ObjectiveMethod where Self: DataMethod {
  public func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule {
    Descent(
      try objective(erasure, original: original, run), picturesInPass: picturesInPass)
  }
}

extension DataMethod {
  public static var readsPromptsAnew: Bool { false }

  public func check(_ erasure: Erasure, of model: DiffusionModel) throws {
    _ = try selection(of: model)
    if case .nothing = preserves { return }
    try DataOptions.checkRetained(erasure)
  }

  public static var tiny: Self { tiny { $0.data = .tiny } }
}
