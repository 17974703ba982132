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
  private static func headers(_ type: String, policy: String = pagePolicy) -> [String: String] {
    [
      "Content-Type": type, "Content-Security-Policy": policy,
      "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
      "Cross-Origin-Resource-Policy": "same-origin",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cache-Control": "no-store",
    ]
  }

  var response: Response {
    func whole(_ data: Data, _ type: ContentType, policy: String = Self.pagePolicy) -> Response {
      Response(headers: Self.headers(type.rawValue, policy: policy), body: .whole(data))
    }
    switch self {
    case .json(let value): return whole(Data(value.pretty.utf8), .json)
    case .text(let text, let type): return whole(Data(text.utf8), type)
    case .data(let data, let type): return whole(data, type)
    case .report(let html): return whole(Data(html.utf8), .html, policy: Self.reportPolicy)
    case .events(let stream):
      return Response(
        headers: Self.headers("text/event-stream; charset=utf-8"), body: .events(stream))
    }
  }

  static func refused(_ refusal: Refusal) -> Response {
    let data = Data(JSON.object(["error": .string(refusal.sentence)]).pretty.utf8)
    return Response(
      status: "\(refusal.status.rawValue) \(refusal.status.phrase)",
      headers: headers(ContentType.json.rawValue), body: .whole(data))
  }
}

/// The parts of an answer that a connection writes.
struct Response: Sendable {
  enum Body: Sendable {
    case whole(Data)
    case events(AsyncStream<ServerEvent>)
  }

  var status = "200 OK"
  let headers: [String: String]
  let body: Body

  /// The bytes before the body.
  var head: Data {
    let length =
      switch body {
      case .whole(let data): ("Content-Length", "\(data.count)")
      case .events: ("Transfer-Encoding", "chunked")
      }
    let lines = headers.sorted { $0.key < $1.key } + [("Connection", "close"), length]
    return Data(
      ("HTTP/1.1 \(status)\r\n" + lines.map { "\($0): \($1)\r\n" }.joined() + "\r\n").utf8)
  }
}
