internal import Processes
package import Torch
internal import TorchNN

extension DiffusionModel {
  /// Work that repeats a pass of the network with other numbers: recorded where that pays, else as it is. It pays where
  /// starting the operators takes longer than computing them: for few pictures, over more than a few passes. A
  /// recording keeps the activations of one pass. A model whose weights come and go is not recorded: a replay reads the
  /// places that its weights had. Each call counts as `n` pictures that the network was asked about.
  /// - Parameters:
  ///   - n: rows of a pass, which has latents of `height` x `width`
  ///   - passes: calls with tensors of the same shapes
  ///   - work: asks the network once; it reads no numbers and brings none to the device
  package func recorded(
    pictures n: Int, _ height: Int, _ width: Int, passes: Int,
    _ work: @escaping ([Tensor]) -> [Tensor]
  ) -> ([Tensor]) -> [Tensor] {
    guard n * height * width <= Self.mostRecorded, passes >= 4, unet.dropout?.generator == nil,
      offload == nil, Ranks.dividing == nil
    else { return work }
    let recorded = RecordedWork(work)
    return { [self] inputs in
      let before = evaluations
      defer { evaluations = before + n }
      return recorded(inputs)
    }
  }

  /// Places of latents in a recorded pass: 16 pictures of SD 1.4, or 4 of SDXL.
  private static let mostRecorded = 65_536
}
