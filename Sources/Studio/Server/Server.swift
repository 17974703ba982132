// HTTP/1.1 for a browser. A connection carries one request and its answer, so that no byte after a request is taken for
// another one. A client that says too much, too slowly or nothing loses its own connection alone.
internal import FlyingSocks
internal import Foundation
internal import Synchronization

/// A socket that listens, and a connection for each client.
struct Server: Sendable {
  let port: UInt16
  private let listener: AsyncSocket
  private let pool: any AsyncSocketPool
  private let router: Router
  private let patience: Double

  /// The most connections at a time; others are closed. Each holds a descriptor, which pictures and models need too.
  private let most: Int
  private let open = Connections()

  private final class Connections: Sendable {
    let count = Atomic(0)
  }

  /// Begins to listen.
  /// - Parameters:
  ///   - host: an IP address of this machine
  ///   - port: 0 takes one that is free
  ///   - most: the most connections at a time
  ///   - patience: seconds that a client has for a request's head, for its body, and for taking a part of an answer
  ///   - pool: the sockets that wait
  /// - Throws: an error of the socket for an address or a port that is not to be had
  init(
    _ host: String, _ port: UInt16, _ router: Router, atMost most: Int, patience: Double,
    pool: any AsyncSocketPool
  ) async throws {
    self.most = most
    (self.pool, self.router, self.patience) = (pool, router, patience)
    try await pool.prepare()
    let socket =
      try host.contains(":")
      ? Self.listening(on: .inet6(ip6: host, port: port))
      : Self.listening(on: .inet(ip4: host, port: port))
    listener = try AsyncSocket(socket: socket, pool: pool)
    self.port =
      switch try socket.sockname() {
      case .ip4(_, let own), .ip6(_, let own): own
      case .unix: port
      }
  }

  private static func listening(on address: some SocketAddress) throws -> Socket {
    let socket = try Socket(domain: Int32(address.family))
    do {
      try socket.setValue(true, for: .localAddressReuse)
      #if canImport(Darwin)
        try socket.setValue(true, for: .noSIGPIPE)
      #endif
      try socket.bind(to: address)
      try socket.listen()
    } catch {
      try? socket.close()
      throw error
    }
    return socket
  }

  /// The fault that ended the pool of sockets.
  private final class Fault: Sendable {
    let words = Mutex<String?>(nil)
  }

  /// Answers clients until its task is cancelled, or the system refuses to tell of its sockets.
  /// - Returns: the fault of the second case, in words; nil in the first
  func run() async -> String? {
    let fault = Fault()
    await withDiscardingTaskGroup { group in
      group.addTask {
        do { try await pool.run() } catch {
          let words = "\(error)"
          if !Task.isCancelled { fault.words.withLock { $0 = words } }
        }
      }
      while !Task.isCancelled {
        do {
          let client = try await listener.accept()
          guard open.count.load(ordering: .relaxed) < most else {
            try? client.close()
            continue
          }
          open.count.add(1, ordering: .relaxed)
          group.addTask {
            await Connection(client, router, patience: patience).serve()
            open.count.subtract(1, ordering: .relaxed)
          }
        } catch is CancellationError {
          break
        } catch {
          // The client went away, or no file is left for one more.
          try? await Task.sleep(for: .milliseconds(50))
        }
      }
      try? listener.close()
      group.cancelAll()
    }
    return Task.isCancelled
      ? nil : fault.words.withLock { $0 } ?? "the sockets' pool ended"
  }
}
