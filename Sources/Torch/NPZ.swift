// NumPy's .npz: a zip archive (PKWARE APPNOTE 6.3) whose members are .npy arrays, stored or deflated.
package import Foundation

package enum NPZ {
  /// Longest member, after decompression, that is read.
  static let longest = 1 << 30

  /// Every array of the archive, by its name without `.npy`.
  /// - Throws: ``LetheError`` of the kind `model` for a file that is missing, damaged or encrypted
  package static func read(_ file: URL) throws -> [String: Tensor] {
    let data = try InputFile.data(file, .array)
    let bytes = Bytes(data: data, file: file)
    let (entries, start) = try bytes.end()
    var place = start
    var arrays: [String: Tensor] = [:]
    var total = 0
    for _ in 0..<entries {
      guard try bytes.number(place, 4) == 0x0201_4B50 else {
        throw bytes.damaged("its directory is not one of a zip archive")
      }
      let (flags, method) = (try bytes.number(place + 8, 2), try bytes.number(place + 10, 2))
      let (packed, whole) = (try bytes.number(place + 20, 4), try bytes.number(place + 24, 4))
      let lengths = try [28, 30, 32].map { try bytes.number(place + $0, 2) }
      let local = try bytes.number(place + 42, 4)
      let name = String(decoding: try bytes.slice(place + 46, lengths[0]), as: UTF8.self)
      place += 46 + lengths.reduce(0, +)
      guard name.hasSuffix(".npy") else { continue }
      guard flags & 1 == 0, method == 0 || method == 8, whole <= longest else {
        throw bytes.damaged(
          "'\(name)' is encrypted, compressed by method \(method), or has \(whole) bytes; accepted: stored and "
            + "deflated members of at most \(longest) bytes")
      }
      total += whole
      try Limit.array.check(total, file)
      guard try bytes.number(local, 4) == 0x0403_4B50 else {
        throw bytes.damaged("'\(name)' does not stand where the directory says")
      }
      let body = local + 30 + (try bytes.number(local + 26, 2)) + (try bytes.number(local + 28, 2))
      let stored = try bytes.slice(body, packed)
      let array = method == 0 ? stored : Data(try Inflate.bytes(stored, count: whole, of: file))
      arrays[String(name.dropLast(4))] = try NPY.decode(array, of: file)
    }
    return arrays
  }

  /// Writes arrays as stored members, in the order of their names.
  /// - Throws: ``LetheError`` of the kind `disk` for a file that cannot be written
  package static func write(_ arrays: [String: Tensor], to file: URL) throws {
    var (body, directory) = (Data(), Data())
    for (name, tensor) in arrays.sorted(by: { $0.key < $1.key }) {
      let (array, label) = (try NPY.encode(tensor, to: file), Data("\(name).npy".utf8))
      guard body.count + array.count < 0xFFFF_FFFF else {
        throw LetheError.unwritable(file, "more than 4 GiB of arrays")
      }
      let common =
        number(20, 2) + number(0, 2) + number(0, 2) + number(0, 2) + number(0x21, 2)
        + number(CRC32.of(array), 4) + number(array.count, 4) + number(array.count, 4)
        + number(label.count, 2) + number(0, 2)
      directory +=
        number(0x0201_4B50, 4) + number(20, 2) + common + number(0, 2) + number(0, 2)
        + number(0, 2) + number(0, 4) + number(body.count, 4) + label
      body += number(0x0403_4B50, 4) + common + label + array
    }
    let end =
      number(0x0605_4B50, 4) + number(0, 4) + number(arrays.count, 2) + number(arrays.count, 2)
      + number(directory.count, 4) + number(body.count, 4) + number(0, 2)
    try AtomicFile.write(body + directory + end, to: file)
  }

  private static func number(_ value: Int, _ count: Int) -> Data {
    Data((0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
  }
}

/// The bytes of an archive. No read leaves them.
private struct Bytes {
  let data: Data
  let file: URL

  func damaged(_ why: String) -> LetheError { .malformed(file, why) }

  func slice(_ start: Int, _ count: Int) throws -> Data {
    guard start >= 0, count >= 0, start <= data.count - count else {
      throw damaged("it is cut off")
    }
    return data.subdata(in: (data.startIndex + start)..<(data.startIndex + start + count))
  }

  /// A little-endian number of `count` bytes.
  func number(_ start: Int, _ count: Int) throws -> Int {
    try slice(start, count).reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Count and place of the directory's entries, which the last record names.
  func end() throws -> (entries: Int, start: Int) {
    // A comment of at most 65,535 bytes may follow the record.
    let first = max(0, data.count - 22 - 0xFFFF)
    var place = data.count - 22
    while place >= first {
      if try number(place, 4) == 0x0605_4B50 {
        return (try number(place + 10, 2), try number(place + 16, 4))
      }
      place -= 1
    }
    throw damaged("it is no zip archive")
  }
}

/// The checksum of zip (ISO 3309), with the polynomial 0xEDB88320.
enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
  }

  static func of(_ data: Data) -> Int {
    Int(
      data.reduce(0xFFFF_FFFF as UInt32) { $0 >> 8 ^ table[Int(($0 ^ UInt32($1)) & 255)] }
        ^ 0xFFFF_FFFF)
  }
}
