// A client that says exactly what a test wants said, also what no library would send.
import Foundation
import Testing

@testable import Studio

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct Reply: Sendable {
  let status: Int
  let head: String
  let body: Data

  var text: String { String(decoding: body, as: UTF8.self) }

  func json() throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: body) as? [String: Any], "\(text)")
  }

  /// The one sentence of a refusal.
  var error: String { ((try? json())?["error"] as? String) ?? "" }
}

struct Client: Sendable {
  let port: UInt16
  /// The headers of every call, unless a call has its own.
  var headers: [String: String]

  init(_ url: URL) {
    port = UInt16(url.port ?? 0)
    headers = ["Host": "127.0.0.1:\(port)"]
  }

  func get(_ target: String, _ own: [String: String] = [:]) async throws -> Reply {
    try await call("GET", target, own)
  }

  func post(_ target: String, _ form: [String: Any], _ own: [String: String] = [:]) async throws
    -> Reply
  {
    try await call("POST", target, own, JSONSerialization.data(withJSONObject: form))
  }

  func call(
    _ method: String, _ target: String, _ own: [String: String] = [:], _ body: Data = Data()
  ) async throws -> Reply {
    var lines = headers.merging(["Connection": "close", "Content-Length": "\(body.count)"]) { $1 }
      .merging(own) { $1 }
    lines = lines.filter { !$0.value.isEmpty }
    let head =
      "\(method) \(target) HTTP/1.1\r\n"
      + lines.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
    return try Self.parsed(await said(Data(head.utf8) + body))
  }

  /// Sends bytes and reads what comes, until the server closes the connection or `enough` says so.
  /// - Throws: `ETIMEDOUT` where the server neither answers nor closes within the client's own patience
  func said(
    _ bytes: Data, endsWriting: Bool = false,
    until enough: @escaping @Sendable (String) -> Bool = { _ in false }
  ) async throws -> Data {
    try await withCheckedThrowingContinuation { done in
      // The threads of tasks are few, and the server needs them.
      Thread.detachNewThread {
        done.resume(with: Result { try exchange(bytes, endsWriting, enough) })
      }
    }
  }

  private func exchange(_ bytes: Data, _ endsWriting: Bool, _ enough: (String) -> Bool) throws
    -> Data
  {
    #if canImport(Glibc)
      let (stream, quiet) = (Int32(SOCK_STREAM.rawValue), Int32(MSG_NOSIGNAL))
    #else
      let (stream, quiet) = (SOCK_STREAM, Int32(0))
    #endif
    let place = socket(AF_INET, stream, 0)
    defer { close(place) }
    var (address, wait) = (sockaddr_in(), timeval(tv_sec: 300, tv_usec: 0))
    (address.sin_family, address.sin_port) = (sa_family_t(AF_INET), port.bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    setsockopt(place, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    let isOpen = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(place, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isOpen else { throw POSIXError(.ECONNREFUSED) }
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        send(place, $0.baseAddress, $0.count, quiet)
      }
      if count <= 0 { break }
      rest = rest.dropFirst(count)
    }
    if endsWriting { shutdown(place, Int32(SHUT_WR)) }
    var (answer, part) = (Data(), [UInt8](repeating: 0, count: 1 << 16))
    while !enough(String(decoding: answer, as: UTF8.self)) {
      let count = recv(place, &part, part.count, 0)
      if count < 0, errno == EAGAIN { throw POSIXError(.ETIMEDOUT) }
      guard count > 0 else { break }
      answer += part.prefix(count)
    }
    return answer
  }

  static func parsed(_ answer: Data) throws -> Reply {
    let end = try #require(answer.range(of: Data("\r\n\r\n".utf8)), "no answer")
    let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self)
    let status = try #require(head.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    return Reply(status: status, head: head, body: Data(answer[end.upperBound...]))
  }

  /// The events of a stream until `enough` of its text, as pairs of a name and a value.
  func events(
    _ method: String, _ target: String, _ form: [String: Any] = [:],
    until enough: @escaping @Sendable (String) -> Bool
  ) async throws -> [(name: String, value: [String: Any])] {
    let body = form.isEmpty ? Data() : try JSONSerialization.data(withJSONObject: form)
    let lines = headers.merging(["Content-Length": "\(body.count)"]) { $1 }
    let head =
      "\(method) \(target) HTTP/1.1\r\n" + lines.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
    let answer = try await said(Data(head.utf8) + body) { text in
      enough(text) || text.contains("event: done") || text.contains("event: fault")
        || (text.contains("\"error\"") && !text.contains("event:"))
    }
    let text = String(decoding: answer, as: UTF8.self).replacing("\r\n", with: "\n")
    return text.split(separator: "event: ").dropFirst().compactMap { part in
      let lines = part.split(separator: "\n")
      guard let name = lines.first, let data = lines.dropFirst().first?.dropFirst(6),
        let value = try? JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any]
      else { return nil }
      return (String(name), value)
    }
  }
}
