// A server of one thread that speaks enough HTTP for a hub, and misbehaves where it is told to.
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

final class HubServer: Sendable {
  struct Request: Sendable {
    var path: String
    var headers: [String: String]
    /// The first byte that `Range` asks for.
    var start: Int {
      headers["range"]?.dropFirst("bytes=".count).split(separator: "-").first.flatMap { Int($0) }
        ?? 0
    }
  }
  struct Answer: Sendable {
    var status = 200
    var headers: [String: String] = [:]
    var body = Data()
    /// Bytes of the body that are sent before the connection is cut.
    var cut: Int?
    /// The length that is announced, in the place of the body's.
    var length: Int?
  }
  private let answer: @Sendable (Request) -> Answer
  private let seen = Mutex<[Request]>([])
  private let descriptor: Int32
  let port: Int

  var requests: [Request] { seen.withLock { $0 } }
  var address: String { "http://127.0.0.1:\(port)" }

  init(_ answer: @escaping @Sendable (Request) -> Answer) {
    self.answer = answer
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var one: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { p in
        _ = bind(socket, p, size)
        _ = getsockname(socket, p, &size)
      }
    }
    (descriptor, port) = (socket, Int(UInt16(bigEndian: place.sin_port)))
    listen(descriptor, 16)
    Thread.detachNewThread { [self] in run() }
  }

  func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  private func run() {
    // Closed here alone: another server's socket may get a number that is free while this thread still answers.
    defer { close(descriptor) }
    while true {
      let client = accept(descriptor, nil, nil)
      guard client >= 0 else { return }
      serve(client)
      close(client)
    }
  }

  private func serve(_ client: Int32) {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !String(decoding: bytes, as: UTF8.self).contains("\r\n\r\n") {
      let n = recv(client, &buffer, buffer.count, 0)
      guard n > 0 else { return }
      bytes += buffer[..<n]
    }
    let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count > 1 else { return }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
        in: .whitespaces)
    }
    let request = Request(path: String(words[1]), headers: headers)
    seen.withLock { $0.append(request) }
    let answer = answer(request)
    var head =
      "HTTP/1.1 \(answer.status) X\r\nContent-Length: \(answer.length ?? answer.body.count)\r\nConnection: close\r\n"
    for (key, value) in answer.headers { head += "\(key): \(value)\r\n" }
    var out = Array((head + "\r\n").utf8) + answer.body.prefix(answer.cut ?? answer.body.count)
    while !out.isEmpty {
      let n = send(client, out, out.count, Int32(MSG_NOSIGNAL))
      guard n > 0 else { return }
      out.removeFirst(n)
    }
  }
}
