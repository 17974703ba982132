internal import Foundation
internal import Torch

/// A call of the server: the request with its path and query decoded and its body read.
struct Call: Sendable {
  let method: String
  /// The parts of the path, each without its percent signs. A part may hold any text: ``Places`` makes paths of them.
  let path: [String]
  let query: [String: String]
  private let head: RequestHead
  var body = Data()

  /// - Throws: ``Refusal`` for a target that is no path
  init(_ head: RequestHead) throws(Refusal) {
    (self.head, method) = (head, head.method)
    let halves = head.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = halves.first, first.hasPrefix("/") else {
      throw Refusal(.request, "'\(head.target.prefix(100))' is no path")
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

  func header(_ name: String) -> String? { head.header(name) }

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
