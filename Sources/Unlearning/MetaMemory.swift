// The memory of Meta-Unlearning's step, which `--dry-run` prints.
public import Diffusion
internal import Editing
internal import Foundation
internal import Torch
internal import TorchNN
internal import Training

extension MetaUnlearning {
  /// Copies of the U-Net in memory at the fullest moment, the end of the simulated fine-tuning. They are the trained
  /// weights, the gradient (in passes, that of the last one too) and the moments of fine-tuning's optimizer. Where
  /// nothing rests in files, theta and the moments of the outer optimizer add to them. The guard's good weights rest in
  /// a file. The original is mapped from its file on the CPU; on another device it is one copy more. Published code
  /// holds 10, one of them the original.
  package var unetCopies: Int {
    1 + (picturesInPass > 0 ? 2 : 1) + attack.optimizer.moments
      + (training.offload ? 0 : 1 + training.optimizer.moments)
  }

  /// The moments of the outer optimizer are of the trained weights alone.
  public func numbers(beside model: DiffusionModel) -> Int {
    let outer = training.offload ? 0 : training.optimizer.moments
    let trained = (try? ParameterSelection.named(parameters)) ?? .unet
    return (unetCopies - outer) * Self.numbers(of: .unet, in: model)
      + outer * Self.numbers(of: trained, in: model)
  }

  private static func numbers(of selection: ParameterSelection, in model: DiffusionModel) -> Int {
    selection.paths(of: model.parameters)
      .reduce(0) { $0 + (model.parameters[$1]?.count ?? 0) }
  }

  public func memory(for model: () throws -> DiffusionModel) throws -> String? {
    let count = Self.numbers(of: .unet, in: try model())
    let copies = unetCopies
    func size(_ copies: Int) -> String {
      Double(copies * count * 4).bytesInWords
    }
    return
      "memory: \(size(copies)) for \(copies) copies of the U-Net's \(count) numbers; "
      + "published code holds 10 copies, \(size(10))"
  }
}
