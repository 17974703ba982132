// NumPy's .npy: magic, version, a header that is a Python dictionary literal, then the elements.
package import Foundation

package enum NPY {
  private static let names: [(DType, String)] = [
    (.float64, "<f8"), (.float32, "<f4"), (.float16, "<f2"), (.int64, "<i8"), (.int32, "<i4"),
    (.int16, "<i2"), (.int8, "|i1"), (.uint8, "|u1"), (.bool, "|b1"),
  ]

  /// Reads an array in C order. Object arrays hold pickles and are refused.
  package static func read(_ file: URL) throws -> Tensor {
    try decode(InputFile.data(file, .array), of: file)
  }

  /// An array in C order out of the bytes of a .npy file, or of a member of an archive.
  static func decode(_ data: Data, of file: URL) throws -> Tensor {
    func damaged(_ why: String) -> LetheError { .malformed(file, why) }
    let bytes = [UInt8](data.prefix(12))
    guard bytes.count >= 10, bytes.prefix(6).elementsEqual([0x93] + Array("NUMPY".utf8)) else {
      throw damaged("it does not begin with NumPy's magic")
    }
    let wide = bytes[6] >= 2
    guard !wide || bytes.count >= 12 else { throw damaged("its header is cut off") }
    let length =
      wide
      ? (8..<12).reduce(0) { $0 | Int(bytes[$1]) << (8 * ($1 - 8)) }
      : Int(bytes[8]) | Int(bytes[9]) << 8
    let start = (wide ? 12 : 10) + length
    guard length < 1 << 20, start <= data.count else { throw damaged("its header is cut off") }
    let header = String(decoding: data[(start - length)..<start], as: UTF8.self)

    guard let descr = header.firstMatch(of: /'descr':\s*'([^']+)'/)?.1,
      let order = header.firstMatch(of: /'fortran_order':\s*(True|False)/)?.1,
      let shapeText = header.firstMatch(of: /'shape':\s*\(([0-9, ]*)\)/)?.1
    else { throw damaged("its header is not the dictionary that NumPy writes") }
    guard let dtype = names.first(where: { $0.1 == descr })?.0 else {
      throw damaged(
        "elements of type '\(descr)'; accepted: \(names.map(\.1).joined(separator: " "))")
    }
    guard order == "False" else { throw damaged("it is in Fortran order; save it in C order") }
    var shape: [Int] = []
    for part in shapeText.split(separator: ",") {
      let text = part.filter { $0 != " " }
      if text.isEmpty { continue }
      guard let dimension = Int(text), shape.count < 8 else {
        throw damaged("its shape is (\(shapeText))")
      }
      shape.append(dimension)
    }
    guard let size = dtype.bytes(of: shape) else { throw damaged("its shape is (\(shapeText))") }
    guard size == data.count - start else {
      throw damaged("shape \(shape) needs \(size) bytes, the file has \(data.count - start)")
    }
    return try data[start...].withUnsafeBytes { try Tensor(bytes: $0, shape, dtype) }
  }

  package static func write(_ tensor: Tensor, to file: URL) throws {
    let header = try header(tensor, to: file)
    try AtomicFile.write(file) { handle in
      try header.withUnsafeBytes { try handle.append($0) }
      try tensor.withBytes { try handle.append($0) }
    }
  }

  /// The bytes of a .npy file.
  static func encode(_ tensor: Tensor, to file: URL) throws -> Data {
    Data(try header(tensor, to: file) + tensor.bytes)
  }

  private static func header(_ tensor: Tensor, to file: URL) throws -> [UInt8] {
    guard let name = names.first(where: { $0.0 == tensor.dtype })?.1 else {
      throw LetheError.unwritable(file, "NumPy has no element type for \(tensor.dtype)")
    }
    let shape = tensor.shape.map { "\($0)," }.joined(separator: " ")
    var header = "{'descr': '\(name)', 'fortran_order': False, 'shape': (\(shape)), }"
    header += String(repeating: " ", count: (64 - (10 + header.utf8.count + 1) % 64) % 64) + "\n"
    let length = header.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)]
      + Array(header.utf8)
  }
}
