// FlyingFox waits without end for the rest of a request, and for a client that does not read. Its pool of sockets is where both
// waits happen. The length of a line of the head has no place where it could be bounded: FlyingFox reads bytes that are there
// already without asking the pool, and gathers a line before anyone sees it.
internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Synchronization

/// Sockets whose clients have some time: for the whole head of a request, counted from the first wait for it, and for taking
/// a part of an answer.
final class PatientPool: AsyncSocketPool {
  struct Impatience: Error {}

  private let base: any AsyncSocketPool
  private let seconds: Double
  /// The moments by which heads must have come, by the client's address.
  private let ends = Mutex<[HTTPRequest.Address: Date]>([:])

  init(_ base: any AsyncSocketPool = HTTPServer.defaultPool(), seconds: Double) {
    (self.base, self.seconds) = (base, seconds)
  }

  func prepare() async throws { try await base.prepare() }
  func run() async throws { try await base.run() }

  /// A request's head has come: the next one has its own time.
  func heard(_ client: HTTPRequest.Address?) {
    if let client { ends.withLock { _ = $0.removeValue(forKey: client) } }
  }

  private func end(_ client: HTTPRequest.Address) -> Date {
    let now = Date()
    return ends.withLock { ends in
      if let known = ends[client] { return known }
      // Clients that went away are forgotten.
      ends = ends.filter { $0.value > now.addingTimeInterval(-seconds) }
      ends[client] = now.addingTimeInterval(seconds)
      return now.addingTimeInterval(seconds)
    }
  }

  func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
    // The socket that listens has no client, and waits as long as it takes.
    guard let peer = try? socket.remotePeer() else {
      return try await base.suspendSocket(socket, untilReadyFor: events)
    }
    let client = HTTPRequest.Address.make(from: peer)
    let left =
      events.contains(.read) ? end(client).timeIntervalSinceNow : seconds
    guard left > 0 else {
      heard(client)
      throw Impatience()
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [base] in try await base.suspendSocket(socket, untilReadyFor: events) }
      group.addTask {
        try await Task.sleep(for: .seconds(left))
        throw Impatience()
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}
