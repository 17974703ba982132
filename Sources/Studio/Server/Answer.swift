internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Torch

/// The answer to a call.
enum Answer: Sendable {
  case json(JSON)
  case text(String, ContentType)
  case data(Data, ContentType)
  /// A page of a run, which may be a stranger's: it runs nothing and loads nothing.
  case report(String)
  case events(AsyncStream<ServerEvent>)

  enum ContentType: String, Sendable {
    case html = "text/html; charset=utf-8"
    case css = "text/css; charset=utf-8"
    case script = "text/javascript; charset=utf-8"
    case plain = "text/plain; charset=utf-8"
    case json = "application/json; charset=utf-8"
    case png = "image/png"
  }

  private static let pagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    + "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
  private static let reportPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    + "frame-ancestors 'self'; sandbox allow-same-origin"

  /// The headers of every answer: no other page reads it, frames it, or learns where it came from.
  private static func headers(_ type: String, policy: String = pagePolicy) -> HTTPHeaders {
    [
      HTTPHeader("Content-Type"): type, HTTPHeader("Content-Security-Policy"): policy,
      HTTPHeader("X-Content-Type-Options"): "nosniff", HTTPHeader("Referrer-Policy"): "no-referrer",
      HTTPHeader("Cross-Origin-Resource-Policy"): "same-origin",
      HTTPHeader("Cross-Origin-Opener-Policy"): "same-origin",
      HTTPHeader("Cache-Control"): "no-store",
    ]
  }

  var response: HTTPResponse {
    func whole(_ data: Data, _ type: ContentType) -> HTTPResponse {
      HTTPResponse(statusCode: .ok, headers: Self.headers(type.rawValue), body: data)
    }
    switch self {
    case .json(let value): return whole(Data(value.pretty.utf8), .json)
    case .text(let text, let type): return whole(Data(text.utf8), type)
    case .data(let data, let type): return whole(data, type)
    case .report(let html):
      return HTTPResponse(
        statusCode: .ok,
        headers: Self.headers(ContentType.html.rawValue, policy: Self.reportPolicy),
        body: Data(html.utf8))
    case .events(let stream):
      return HTTPResponse(
        statusCode: .ok, headers: Self.headers("text/event-stream; charset=utf-8"),
        body: HTTPBodySequence(from: EventBody(stream)))
    }
  }

  /// - Parameter ends: whether the connection ends, because the body was not read
  static func refused(_ refusal: Refusal, ends: Bool) -> HTTPResponse {
    let data = Data(JSON.object(["error": .string(refusal.sentence)]).pretty.utf8)
    let status = HTTPStatusCode(refusal.status.rawValue, phrase: refusal.status.phrase)
    var headers = Self.headers(ContentType.json.rawValue)
    guard ends else { return HTTPResponse(statusCode: status, headers: headers, body: data) }
    headers[.connection] = "close"
    return HTTPResponse(
      statusCode: status, headers: headers,
      body: HTTPBodySequence(from: LastWords(data: data), count: data.count))
  }
}
