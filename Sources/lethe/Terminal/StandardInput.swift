import Foundation
import Torch

/// The text that another program or a person gives to this one.
enum StandardInput {
  /// 4 MB: some 50,000 prompts of usual length.
  private static let most = Limit(4 << 20, "bytes")

  /// The lines, without the white space around them.
  /// - Throws: ``LetheError`` of the kind `request` for more bytes than the limit, which ends an endless input
  static func lines() throws -> [String] {
    var bytes = Data()
    do {
      while let part = try FileHandle.standardInput.read(upToCount: 1 << 16), !part.isEmpty {
        bytes += part
        try most.check(bytes.count, "standard input", .request)
      }
    } catch let error as LetheError { throw error } catch {
      throw LetheError.request("standard input cannot be read")
    }
    let blanks = Set(" \t\r".utf8)
    return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
      let words = $0.drop { blanks.contains($0) }
      let end = words.lastIndex { !blanks.contains($0) }
      return end.map { String(decoding: words[...$0], as: UTF8.self) } ?? ""
    }
  }
}
