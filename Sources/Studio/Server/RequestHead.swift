internal import Foundation

/// The head of a request: its first line and its headers.
struct RequestHead: Sendable {
  let method: String
  let target: String
  /// Values by names in small letters. A header that came twice has both, with a comma between.
  private var values: [String: String] = [:]

  /// - Parameter bytes: the head without its last line, which is empty
  /// - Throws: ``Refusal`` for a first line that begins no request, and for a line that is no header
  init(_ bytes: Data) throws(Refusal) {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
    let words = lines[0].split(separator: " ")
    guard words.count == 3, words[2].hasPrefix("HTTP/1.") else {
      throw Refusal(
        .request, "'\(lines[0].prefix(100))' begins no request; accepted: METHOD PATH HTTP/1.1")
    }
    (method, target) = (String(words[0]), String(words[1]))
    for line in lines.dropFirst() {
      let sides = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[0].isEmpty, !sides[0].contains(where: \.isWhitespace) else {
        throw Refusal(.request, "'\(line.prefix(100))' is no header; accepted: NAME: VALUE")
      }
      let (name, value) = (sides[0].lowercased(), sides[1].trimmingCharacters(in: .whitespaces))
      values[name] = values[name].map { "\($0), \(value)" } ?? value
    }
  }

  func header(_ name: String) -> String? { values[name.lowercased()] }

  /// The number of bytes of the body.
  /// - Throws: ``Refusal`` for a body without a length, and for a length that is no number
  func length() throws(Refusal) -> Int {
    guard header("Transfer-Encoding") == nil else {
      throw Refusal(.length, "the body has no Content-Length")
    }
    guard let text = header("Content-Length") else { return 0 }
    guard text.utf8.count <= 15, text.utf8.allSatisfy({ (48...57).contains($0) }),
      let length = Int(text)
    else {
      throw Refusal(
        .request,
        "the Content-Length '\(text.prefix(100))' is no number; accepted: bytes of the body")
    }
    return length
  }
}
