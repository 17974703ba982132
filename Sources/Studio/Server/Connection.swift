internal import FlyingSocks
internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A client's connection: one request, one answer.
struct Connection: Sendable {
  /// The most bytes of a request's head. Browsers send some thousand.
  static let longestHead = 1 << 16
  /// The most bytes that a client may still write after it was refused.
  private static let mostUnread = 256 << 20

  private let socket: AsyncSocket
  private let router: Router
  private let patience: Double

  init(_ socket: AsyncSocket, _ router: Router, patience: Double) {
    (self.socket, self.router, self.patience) = (socket, router, patience)
  }

  func serve() async {
    defer { try? socket.close() }
    do {
      let (response, isRead) = try await self.response()
      try await write(response)
      // A connection that ends with bytes unread is reset, and the client would not hear why it is refused.
      if !isRead { try await discard() }
    } catch {
      // The client went away or was too slow, or the studio ends. There is nobody to tell.
    }
  }

  // MARK: - The request

  /// The way of a request: its head, the gate, the body, the endpoint.
  /// - Returns: the answer, and whether the request was read to its end
  private func response() async throws -> (Response, isRead: Bool) {
    var isRead = false
    do {
      let (head, rest) = try await within(patience, self.head)
      var call = try Call(head)
      let length = try? head.length()
      isRead = length == rest.count
      try router.gate.check(call)
      call.body = try await body(head.length(), atMost: router.most(call), rest)
      isRead = true
      return (try await router.answer(call).response, isRead)
    } catch let error
      where error is SocketError || error is Impatience || error is CancellationError
    {
      throw error
    } catch {
      return (Answer.refused(Refusal(error)), isRead)
    }
  }

  /// The head of a request, and the bytes after it that came with it.
  private func head() async throws -> (RequestHead, rest: Data) {
    let end = Data("\r\n\r\n".utf8)
    var bytes = Data()
    while bytes.count <= Self.longestHead {
      let old = max(0, bytes.count - end.count + 1)
      bytes += try await socket.read(atMost: 4096)
      if let place = bytes.range(of: end, in: old..<bytes.count) {
        return (try RequestHead(bytes[..<place.lowerBound]), Data(bytes[place.upperBound...]))
      }
    }
    throw Refusal(
      .head, "the request's head has more than \(Self.longestHead) bytes; accepted: at most that")
  }

  private func body(_ length: Int, atMost most: Int, _ rest: Data) async throws -> Data {
    guard length <= most else {
      throw Refusal(.size, "the body has \(length) bytes; accepted: at most \(most)")
    }
    return try await within(patience) {
      var bytes = Data(rest.prefix(length))
      while bytes.count < length {
        bytes += try await socket.read(atMost: min(length - bytes.count, 1 << 16))
      }
      return bytes
    }
  }

  /// Says that nothing more comes, and forgets what the client still writes.
  private func discard() async throws {
    _ = shutdown(socket.socket.file.rawValue, Int32(SHUT_WR))
    try await within(patience) {
      var count = 0
      while count < Self.mostUnread { count += try await socket.read(atMost: 1 << 16).count }
    }
  }

  // MARK: - The answer

  private func write(_ response: Response) async throws {
    try await write(response.head)
    switch response.body {
    case .whole(let data): try await write(data)
    case .events(let events):
      for await event in events {
        let data = Data(event.text.utf8)
        try await write(
          Data("\(String(data.count, radix: 16))\r\n".utf8) + data + Data("\r\n".utf8))
      }
      try await write(Data("0\r\n\r\n".utf8))
    }
  }

  private func write(_ data: Data) async throws {
    var rest = data
    while !rest.isEmpty {
      let part = Data(rest.prefix(1 << 16))
      try await within(patience) { try await socket.write(part) }
      rest = rest.dropFirst(part.count)
    }
  }
}

/// The end of a client's time.
struct Impatience: Error {}

/// The outcome of an operation that has some seconds.
/// - Throws: ``Impatience`` where they do not suffice
private func within<T: Sendable>(
  _ seconds: Double, _ operation: @escaping @Sendable () async throws -> T
) async throws -> T {
  try await withThrowingTaskGroup(of: T.self) { group in
    group.addTask(operation: operation)
    group.addTask {
      try await Task.sleep(for: .seconds(seconds))
      throw Impatience()
    }
    defer { group.cancelAll() }
    guard let first = try await group.next() else { throw Impatience() }
    return first
  }
}
