// TensorProto of onnx.proto: a tensor as a file of ONNX has it.
internal import Foundation
internal import Torch

extension ONNXGraph {
  private static let types: [Int: DType] = [
    1: .float32, 2: .uint8, 3: .int8, 5: .int16, 6: .int32, 7: .int64, 9: .bool, 10: .float16,
    11: .float64, 16: .bfloat16,
  ]

  /// The element type with a number of ONNX's.
  static func dtype(_ code: Int) -> DType? { types[code] }

  func readTensor(_ bytes: Data) throws -> (name: String, tensor: Tensor) {
    var (message, name, shape, code) = (ProtobufMessage(bytes, of: file), "", [Int](), 0)
    var (raw, ints, floats) = (Data?.none, [Int](), [Double]())
    while let (number, value) = try message.next() {
      switch number {
      case 1: shape += try value.ints(of: file)
      case 2: code = value.int ?? 0
      case 4: floats += value.floats()
      case 5, 7: ints += try value.ints(of: file)
      case 8: name = value.text ?? ""
      case 9: raw = value.data
      case 13, 14:
        if number == 13 || value.int == 1 {
          throw LetheError.unsupported(
            "\(file.path): '\(name)' lies in another file; save the model as one file")
        }
      default: continue
      }
    }
    guard let dtype = Self.types[code] else {
      throw LetheError.unsupported("\(file.path): '\(name)' has ONNX's element type \(code)")
    }
    let count = try Self.count(shape, of: file)
    if let raw {
      guard raw.count == count * dtype.size else {
        throw LetheError.malformed(
          file, "'\(name)' has \(raw.count) bytes; \(count * dtype.size) are needed")
      }
      return (name, try raw.withUnsafeBytes { try Tensor(bytes: $0, shape, dtype) })
    }
    let isWhole = !dtype.isFloatingPoint || dtype.size == 2
    guard (isWhole ? ints.count : floats.count) == count, dtype.size != 2 || ints.isEmpty else {
      throw LetheError.malformed(file, "'\(name)' has other than \(count) numbers")
    }
    return (name, (isWhole ? Tensor(ints, shape) : Tensor(floats, shape)).to(dtype))
  }

  /// The elements of a shape.
  /// - Throws: ``LetheError`` of the kind `model` for a shape that no memory holds
  static func count(_ shape: [Int], of file: URL) throws -> Int {
    guard shape.count <= 8, let count = DType.uint8.bytes(of: shape), count <= 1 << 28 else {
      throw LetheError.malformed(
        file, "a tensor of the shape \(shape); accepted: at most 268435456 numbers")
    }
    return count
  }
}
