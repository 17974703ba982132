// The kind of a file by its first bytes, for the sentence on a file that was given in the place of another.
package import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

package enum FileKind {
  private static let signatures: [(words: String, bytes: [UInt8])] = [
    ("a PNG picture", [137, 80, 78, 71, 13, 10, 26, 10]), ("a JPEG picture", [0xFF, 0xD8, 0xFF]),
    ("a GIF picture", Array("GIF8".utf8)), ("a TIFF picture", [73, 73, 42, 0]),
    ("a TIFF picture", [77, 77, 0, 42]), ("a PDF document", Array("%PDF".utf8)),
    ("a zip archive", [80, 75, 3, 4]), ("a gzip archive", [0x1F, 0x8B]),
    ("an array of NumPy", [0x93] + Array("NUMPY".utf8)), ("a GGUF model", Array("GGUF".utf8)),
    ("a program", [0x7F] + Array("ELF".utf8)),
  ]
  /// Bytes of the beginning that are looked at.
  private static let length = 512

  /// The kind of the file at a place, in words, e.g. `a JPEG picture`; nil where no file is there or its bytes do not
  /// tell.
  package static func words(_ place: URL) -> String? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else {
      return nil
    }
    if isFolder.boolValue { return "a folder" }
    return (try? InputFile.beginning(place, length)).flatMap { words($0) }
  }

  /// The kind of what is no regular file and no folder, in words; nil for both of these, and where nothing is.
  package static func special(_ place: URL) -> String? {
    var status = stat()
    guard stat(place.path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFCHR, S_IFBLK: return "a device"
    case S_IFIFO: return "a pipe"
    case S_IFSOCK: return "a socket"
    default: return nil
    }
  }

  /// The kind of a file in words; nil where its first bytes do not tell.
  package static func words(_ bytes: some Sequence<UInt8>) -> String? {
    let start = Array(bytes.prefix(length))
    if let known = signatures.first(where: { start.starts(with: $0.bytes) }) { return known.words }
    if start.starts(with: "RIFF".utf8), start.dropFirst(8).starts(with: "WEBP".utf8) {
      return "a WebP picture"
    }
    // A pickle of protocol 2 to 5.
    if start.count > 2, start[0] == 0x80, (2...5).contains(start[1]) { return "a pickle" }
    // The length of a header, then an object of JSON.
    if start.count > 9, start[8] == UInt8(ascii: "{"), start[4..<8].allSatisfy({ $0 == 0 }) {
      return "a safetensors file"
    }
    guard isText(start) else { return nil }
    let first = start.first { ![9, 10, 13, 32].contains($0) }
    return first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? "a file of JSON" : "a text"
  }

  /// Whether bytes begin a text in UTF-8 without control characters; its last character may be cut.
  private static func isText(_ bytes: [UInt8]) -> Bool {
    guard !bytes.isEmpty, bytes.allSatisfy({ $0 >= 32 || [9, 10, 13].contains($0) }) else {
      return false
    }
    return (0..<4).contains { String(validating: bytes.dropLast($0), as: UTF8.self) != nil }
  }
}

extension LetheError {
  /// A file of another kind than the one that is needed, where its first bytes tell that; else the error that is given.
  /// - Parameter accepted: the file that is needed, e.g. `a safetensors file`
  package static func strange(
    _ file: URL, _ bytes: some Sequence<UInt8>, accepted: String, else error: LetheError
  ) -> LetheError {
    guard let kind = FileKind.words(bytes), kind != accepted else { return error }
    return wrong(file, "it is \(kind); accepted: \(accepted)")
  }
}
