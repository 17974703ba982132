package import Foundation
package import Torch

/// Copies of tensors that nothing reads for a while, in memory, or in a file where memory is short.
package struct OffloadedTensors {
  private let file: URL?
  private var held: [String: Tensor] = [:]
  /// Shape and element type of what was put last.
  private var kinds: [String: Kind] = [:]

  private struct Kind: Equatable {
    var shape: [Int]
    var dtype: DType
    init(_ tensor: Tensor) { (shape, dtype) = (tensor.shape, tensor.dtype) }
  }

  /// - Parameter file: nil keeps the copies in memory
  package init(_ file: URL? = nil) { self.file = file }

  package mutating func put(_ tensors: [String: Tensor]) throws {
    kinds = tensors.mapValues(Kind.init)
    guard let file else {
      held = tensors.mapValues { $0.detached().cloned() }
      return
    }
    // No later process reads this file, so it need not reach the disk.
    try WriteTurn.$isMine.withValue(true) {
      try SafeTensors.write(tensors.mapValues { $0.detached() }, to: file, durable: false)
    }
  }

  /// The tensors that were put last. Those in a file are mapped, and read at their first use.
  /// - Throws: ``LetheError`` of the kind `model` when the file holds other tensors by now
  package func take() throws -> [String: Tensor] {
    guard let file else { return held }
    let tensors = try SafeTensors(contentsOf: file).tensors
    guard tensors.mapValues(Kind.init) == kinds else {
      throw LetheError.malformed(file, "another process has changed it; run one in each folder")
    }
    return tensors
  }

  package mutating func put(_ tensors: [Tensor]) throws {
    try put(Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ("\($0)", $1) }))
  }

  /// Copies the tensors that were put last into `tensors`, in their order.
  package func copy(to tensors: [Tensor]) throws {
    let kept = try take()
    withoutGradients {
      for (i, tensor) in tensors.enumerated() {
        guard let other = kept["\(i)"] else { continue }
        tensor.copy(from: other.to(tensor.device))
      }
    }
  }

  /// Removes the copies.
  package mutating func clear() {
    held = [:]
    if let file { try? FileManager.default.removeItem(at: file) }
  }
}
