package import Foundation
package import Torch

/// A place for copies of tensors that nothing needs for a while: memory, or a file where memory is short.
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
    // Nothing goes on from this file after the process has ended, so that it need not reach the disk.
    try SafeTensors.write(tensors.mapValues { $0.detached() }, to: file, durable: false)
  }

  /// The tensors that were put last; from a file, they are mapped and read when touched.
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

  /// Writes what was put last into `tensors`, in their order.
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
