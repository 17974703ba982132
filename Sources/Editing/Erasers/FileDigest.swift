package import Foundation
internal import Torch

/// Hashes of a file's content.
package enum FileDigest {
  /// SHA-256, 64 hexadecimal digits.
  package static func sha256(_ file: URL) throws -> String {
    var sha = SHA256Stream()
    try read(file) { sha.update($0) }
    return sha.hexadecimal()
  }

  /// SHA-1 of a file as git stores it: "blob ", its length, 0, its content.
  package static func gitBlob(_ file: URL) throws -> String {
    let data = try InputFile.data(file, .json)
    return sha1(Array("blob \(data.count)\0".utf8) + data)
  }

  private static func read(_ file: URL, _ body: (UnsafeRawBufferPointer) -> Void) throws {
    let handle = FileHandle(
      fileDescriptor: try InputFile.open(file).descriptor, closeOnDealloc: true)
    do {
      while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
        data.withUnsafeBytes { body($0) }
      }
    } catch { throw LetheError.unreadable(file, "it does not exist or may not be read") }
  }

  /// SHA-1 (FIPS 180-4), for git's names of small files alone.
  package static func sha1(_ message: [UInt8]) -> String {
    var h: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
    var bytes = message + [0x80]
    while bytes.count % 64 != 56 { bytes.append(0) }
    let bits = UInt64(message.count) * 8
    bytes += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64($0))) }
    func rotated(_ x: UInt32, _ n: UInt32) -> UInt32 { x << n | x >> (32 - n) }
    var w = [UInt32](repeating: 0, count: 80)
    for block in stride(from: 0, to: bytes.count, by: 64) {
      for i in 0..<16 {
        w[i] = (0..<4).reduce(0) { $0 << 8 | UInt32(bytes[block + 4 * i + $1]) }
      }
      for i in 16..<80 { w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1) }
      var (a, b, c, d, e) = (h[0], h[1], h[2], h[3], h[4])
      for i in 0..<80 {
        let (f, k): (UInt32, UInt32)
        switch i {
        case ..<20: (f, k) = (b & c | ~b & d, 0x5A82_7999)
        case ..<40: (f, k) = (b ^ c ^ d, 0x6ED9_EBA1)
        case ..<60: (f, k) = (b & c | b & d | c & d, 0x8F1B_BCDC)
        default: (f, k) = (b ^ c ^ d, 0xCA62_C1D6)
        }
        let next = rotated(a, 5) &+ f &+ e &+ k &+ w[i]
        (e, d, c, b, a) = (d, c, rotated(b, 30), a, next)
      }
      h = zip(h, [a, b, c, d, e]).map { $0 &+ $1 }
    }
    return h.map { word in
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 8 - text.count) + text
    }.joined()
  }
}
