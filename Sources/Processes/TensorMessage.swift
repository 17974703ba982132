// A tensor as bytes that one rank sends to another.
internal import Foundation
internal import Torch

extension Tensor {
  private struct Header: Codable {
    var shape: [Int]
    var dtype: Int32
    var device: Int32
  }

  /// Shape, type and bytes, for another process.
  var message: Data {
    get throws {
      let header = Header(shape: shape, dtype: dtype.rawValue, device: device.kind.rawValue)
      return try JSONEncoder().encode(header) + [0x0A] + bytes
    }
  }

  /// - Parameter place: this rank's device for a tensor that lay on a device of a kind
  /// - Throws: ``LetheError`` for bytes that are no message
  static func from(_ message: Data, _ place: (Device.Kind) -> Device) throws -> Tensor {
    guard let end = message.firstIndex(of: 0x0A),
      let header = try? JSONDecoder().decode(Header.self, from: message[..<end]),
      let dtype = DType(rawValue: header.dtype), let kind = Device.Kind(rawValue: header.device)
    else { throw LetheError(.other, "another rank sent no tensor; use one version of lethe") }
    let tensor = try Array(message[(end + 1)...]).withUnsafeBytes {
      try Tensor(bytes: $0, header.shape, dtype)
    }
    return kind == .cpu ? tensor : tensor.to(place(kind))
  }
}
