package import Foundation
package import Torch

/// A place for copies of tensors that nothing needs for a while: memory, or a file where memory is short.
package struct OffloadedTensors {
  private let file: URL?
  private var held: [String: Tensor] = [:]

  /// - Parameter file: nil keeps the copies in memory
  package init(_ file: URL? = nil) { self.file = file }

  package mutating func put(_ tensors: [String: Tensor]) throws {
    guard let file else {
      held = tensors.mapValues { $0.detached().cloned() }
      return
    }
    // Nothing goes on from this file after the process has ended, so that it need not reach the disk.
    try SafeTensors.write(tensors.mapValues { $0.detached() }, to: file, durable: false)
  }

  /// The tensors that were put last; from a file, they are mapped and read when touched.
  package func take() throws -> [String: Tensor] {
    guard let file else { return held }
    return try SafeTensors(contentsOf: file).tensors
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
