// The memory of a training step, as far as it is known before the work begins: weights and a batch that cannot fit are
// refused by the dry run and by the erasure alike.
package import Diffusion
internal import Editing
internal import Torch
internal import TorchNN
internal import Training

/// Options of methods whose batches can be divided into passes.
public protocol PassOptions {
  /// Pictures that go through the network at once, from 0. 0 takes a batch whole, or of a large model as many as fit
  /// into memory. Fewer take less memory and more time; the gradient is the same.
  var picturesInPass: Int { get set }
}

extension TrainedMethod where Self: PassOptions {
  public var picturesAtOnce: Int {
    picturesInPass > 0 ? min(training.batch, picturesInPass) : training.batch
  }
}

extension TrainedMethod {
  /// - Parameter further: lists of tensors of the trained weights' shapes that a step holds beside those of a plain
  ///   training
  func numbers(beside model: DiffusionModel, further: Int) -> Int {
    let paths = (try? ParameterSelection.named(parameters))?.paths(of: model.parameters) ?? []
    let trained = paths.reduce(0) { $0 + (model.parameters[$1]?.count ?? 0) }
    return trained * (1 + training.lists + further)
  }

  /// A step. The passes for forgetting and for keeping hold their activations at the same time.
  package func step(on model: DiffusionModel) -> DiffusionModel.GradientStep {
    .init(pictures: training.batch, passes: 2, numbers: numbers(beside: model))
  }

  /// - Parameter available: bytes that are left; nil asks the machine
  /// - Throws: ``LetheError`` of the kind `memory` for a training whose weights do not fit, and for a batch whose
  ///   activations do not fit beside them
  package func requireMemory(of model: DiffusionModel, available: Int? = nil) throws {
    let whole = model.device.memory
    let left =
      available ?? (model.device == .cpu ? Memory.available : whole > 0 ? whole : nil)
    let numbers = numbers(beside: model)
    let held = Double(numbers) * 4
    try Memory.require(
      held, for: "a training that holds \(numbers) numbers beside the model",
      "training.offload=true, or fewer parameters", available: left)
    // A large model divides its batches, and computes activations again.
    guard !model.isLarge else { return }
    try Memory.require(
      held + Double(picturesAtOnce) * Double(model.leastActivations) * 4,
      for: "a step of \(picturesAtOnce) pictures",
      "a smaller training.batch, or picturesInPass where \(Self.name) has it",
      available: left)
  }
}

extension DiffusionModel {
  /// Numbers that a pass keeps for its pass backward, of one picture, at least: the maps around each convolution of the
  /// residual blocks.
  var leastActivations: Int {
    let last = parameters.tensors.keys.compactMap { path -> Int? in
      let parts = path.components
      return parts.count > 2 && parts[0] == "unet" && parts[1] == "up_blocks" ? Int(parts[2]) : nil
    }.max()
    return parameters.tensors.reduce(0) { sum, entry in
      let parts = entry.key.components
      guard parts.count > 5, parts[0] == "unet", parts[3] == "resnets", parts.last == "weight",
        parts[1] == "down_blocks" || parts[1] == "up_blocks", let block = Int(parts[2]),
        entry.value.shape.count == 4
      else { return sum }
      // Each block halves the size of the one before, on the way up in turn.
      let level = parts[1] == "down_blocks" ? block : (last ?? 0) - block
      let size = latentSize >> min(max(0, level), 62)
      return sum + (entry.value.size(0) + entry.value.size(1)) * size * size
    }
  }
}
