// Inputs of a graph: onnx.proto's messages ValueInfoProto, TypeProto and TensorShapeProto.
internal import Foundation
internal import Torch

extension ONNXGraph {
  /// The name of an input, and its shape where the file says one.
  func readInput(_ bytes: Data) throws -> (name: String, shape: [Int?]?) {
    var (message, name) = (ProtobufMessage(bytes, of: file), "")
    while let (number, value) = try message.next() {
      if number == 1 { name = value.text ?? "" }
    }
    let tensors = try parts(2, of: bytes).flatMap { try parts(1, of: $0) }
    guard let shape = try tensors.flatMap({ try parts(2, of: $0) }).first else {
      return (name, nil)
    }
    return (name, try parts(1, of: shape).map(length))
  }

  /// The parts of a message that stand under a number.
  private func parts(_ wanted: Int, of bytes: Data) throws -> [Data] {
    var (message, found) = (ProtobufMessage(bytes, of: file), [Data]())
    while let (number, value) = try message.next() {
      if number == wanted, let data = value.data { found.append(data) }
    }
    return found
  }

  /// A length; nil where it has a name, or none.
  private func length(_ bytes: Data) throws -> Int? {
    var message = ProtobufMessage(bytes, of: file)
    while let (number, value) = try message.next() {
      if number == 1, let length = value.int, length > 0 { return length }
    }
    return nil
  }

  /// The shape of an input in words, e.g. `[N, 3, 8, 8]`; nil where the file says none. The first length is the number
  /// of pictures, which most graphs leave open whatever they were exported with.
  func shape(of input: String) -> String? {
    shapes[input].map { shape in
      "["
        + shape.enumerated().map { i, length in
          i > 0 ? length.map(String.init) ?? "any" : "N"
        }.joined(separator: ", ") + "]"
    }
  }

  /// Refuses a tensor of another shape than the file says, but for the first length.
  /// - Throws: ``LetheError`` of the kind `model`
  func check(_ x: Tensor, for input: String) throws {
    guard let shape = shapes[input], let words = self.shape(of: input) else { return }
    let fits = zip(shape, x.shape).dropFirst().allSatisfy { $0 == nil || $0 == $1 }
    guard shape.count == x.rank, fits else {
      throw LetheError.wrong(file, "its input '\(input)' is \(words), and \(x.shape) is given")
    }
  }
}
