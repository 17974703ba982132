internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Torch

/// A call of the server: the request with its path and query decoded and its body read.
struct Call: Sendable {
  let method: String
  /// The parts of the path, each without its percent signs. A part may hold any text: ``Places`` makes paths of them.
  let path: [String]
  let query: [String: String]
  let headers: HTTPHeaders
  var body = Data()

  /// - Throws: ``Refusal`` for a target that is no path
  init(_ request: HTTPRequest) throws(Refusal) {
    method = request.method.rawValue
    headers = request.headers
    // The server's own path has its dots taken away; here they are refused later, in words.
    let halves = request.target.rawValue.split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = halves.first, first.hasPrefix("/") else {
      throw Refusal(.request, "'\(request.target.rawValue.prefix(100))' is no path")
    }
    var parts: [String] = []
    for part in first.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let text = String(part).removingPercentEncoding else {
        throw Refusal(.request, "'\(part.prefix(100))' is no text in percent signs")
      }
      parts.append(text)
    }
    path = parts
    var found: [String: String] = [:]
    for pair in (halves.count > 1 ? halves[1] : "").split(separator: "&") {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map { String($0).replacing("+", with: " ").removingPercentEncoding ?? "" }
      found[sides[0]] = sides.count > 1 ? sides[1] : ""
    }
    query = found
  }

  func header(_ name: String) -> String? { headers[HTTPHeader(name)] }

  /// The value of a key of the query.
  /// - Throws: ``Refusal`` where there is none
  func value(_ key: String) throws(Refusal) -> String {
    guard let value = query[key], !value.isEmpty else {
      throw Refusal(.request, "the query has no '\(key)'")
    }
    return value
  }

  /// The body as an object of JSON.
  /// - Throws: ``Refusal`` for anything else
  func form() throws(Refusal) -> Checked {
    guard let value = try? JSONText.value(body), value.members != nil else {
      throw Refusal(.request, "the body is no object of JSON")
    }
    return Checked(value, "the request", .request)
  }
}

/// Reads bodies, and never more than an endpoint takes.
enum Body {
  /// The bytes of a request's body.
  /// - Throws: ``Refusal`` for a body without a length, or with too many bytes
  static func read(_ request: HTTPRequest, atMost most: Int) async throws -> Data {
    guard request.headers[.transferEncoding] == nil else {
      throw Refusal(.length, "the body has no Content-Length")
    }
    let length = request.bodySequence.count ?? 0
    guard length <= most else {
      try? await discard(request, atMost: 256 << 20)
      throw Refusal(.size, "the body has \(length) bytes; accepted: at most \(most)")
    }
    var data = Data()
    for try await part in request.bodySequence { data += part }
    return data
  }

  /// Reads the beginning of a body and forgets it, so that a client which is still writing hears why it is refused.
  static func discard(_ request: HTTPRequest, atMost most: Int = 4 << 20) async throws {
    guard request.headers[.transferEncoding] == nil else { return }
    var count = 0
    for try await part in request.bodySequence {
      count += part.count
      if count > most { return }
    }
  }
}

/// A body after which the connection ends. A request whose body was not read to its end leaves bytes behind, and what the
/// client wrote there must not be taken for a request of its own.
struct LastWords: AsyncBufferedSequence {
  typealias Element = UInt8
  let data: Data

  struct End: Error {}

  struct Iterator: AsyncBufferedIteratorProtocol {
    var data: Data?

    mutating func next() async throws -> UInt8? { throw End() }

    mutating func nextBuffer(suggested count: Int) async throws -> Data? {
      guard let words = data else { throw End() }
      data = nil
      return words
    }
  }

  func makeAsyncIterator() -> Iterator { Iterator(data: data) }
}
