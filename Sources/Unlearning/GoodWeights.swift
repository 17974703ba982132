internal import Foundation
internal import Torch
internal import Training

/// The last weights that a guard found good. They rest in a file, so that a training that was interrupted goes on with
/// them and ends as it would have ended.
struct GoodWeights {
  private let file: URL
  private let identity: String?
  /// The step of these weights.
  private(set) var step = 0

  init(_ file: URL, identity: String?) { (self.file, self.identity) = (file, identity) }

  mutating func put(_ weights: [Tensor], of step: Int) throws {
    self.step = step
    let tensors = weights.enumerated().map { ("\($0)", $1.detached()) }
    var metadata = ["step": "\(step)"]
    metadata["identity"] = identity
    try SafeTensors.write(
      Dictionary(uniqueKeysWithValues: tensors), metadata: metadata, to: file, durable: false)
  }

  /// Continues after an interruption with the file of the interrupted training. Without a file it takes the weights
  /// that the training continues from.
  mutating func resume(at step: Int, _ weights: [Tensor]) throws {
    if let stored = try? SafeTensors(contentsOf: file, finite: true), fits(stored, weights),
      let known = stored.metadata["step"].flatMap({ Int($0) }), known >= 0
    {
      self.step = known
    } else {
      try put(weights, of: step)
    }
  }

  private func fits(_ stored: SafeTensors, _ weights: [Tensor]) -> Bool {
    stored.metadata["identity"] == identity && stored.tensors.count == weights.count
      && weights.enumerated().allSatisfy { i, tensor in
        stored.tensors["\(i)"].map { $0.shape == tensor.shape && $0.dtype == tensor.dtype } == true
      }
  }

  /// Writes the weights into `tensors`.
  /// - Throws: ``LetheError`` of the kind `model` for a file that another process changed
  func copy(to tensors: [Tensor]) throws {
    let stored = try SafeTensors(contentsOf: file)
    guard fits(stored, tensors) else {
      throw LetheError.malformed(file, "another process has changed it; run one in each folder")
    }
    withoutGradients {
      for (i, tensor) in tensors.enumerated() {
        guard let kept = stored.tensors["\(i)"] else { continue }
        tensor.copy(from: kept.to(tensor.device))
      }
    }
  }

  func clear() {
    guard WriteTurn.isMine else { return }
    try? FileManager.default.removeItem(at: file)
  }
}
