import Foundation
package import Processes
import Synchronization
internal import Torch

/// Several ranks in one process, each in a thread of its own with the same store and group as separate processes have.
package enum RanksInThreads {
  /// Runs `body` on every rank.
  /// - Parameter missing: ranks that never come
  /// - Returns: the value or the error of each rank, in the order of the ranks
  package static func outcomes<T: Sendable>(
    _ count: Int, patience: Double = 30, missing: Set<Int> = [],
    _ body: @escaping @Sendable (Ranks) throws -> T
  ) throws -> [Result<T, any Error>] {
    // The store of the ranks lives here, as that of `lethe launch` does in its own process.
    let store = try SharedStore(host: "127.0.0.1", port: 0, serves: true, seconds: 10)
    defer { withExtendedLifetime(store) {} }
    let found = Mutex<[Int: Result<T, any Error>]>([:])
    let group = DispatchGroup()
    for rank in 0..<count where !missing.contains(rank) {
      var place = RankEnvironment(
        rank: rank, of: count, host: "127.0.0.1", port: store.port, isStoreElsewhere: true)
      place.patience = patience
      group.enter()
      Thread.detachNewThread { [place] in
        Runtime.threads = 1
        let outcome = Result { () throws -> T in
          let ranks = try Ranks(joining: place)
          do {
            let value = try WriteTurn.$isMine.withValue(rank == 0) { try body(ranks) }
            try ranks.leave()
            return value
          } catch {
            let known = error as? LetheError
            ranks.fail(known?.kind.rawValue ?? 1, known?.sentence ?? "\(error)")
            throw error
          }
        }
        found.withLock { $0[rank] = outcome }
        group.leave()
      }
    }
    group.wait()
    return found.withLock { found in (0..<count).compactMap { found[$0] } }
  }

  /// Runs `body` on every rank.
  /// - Throws: the first rank's error
  package static func run<T: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Ranks) throws -> T
  ) throws -> [T] {
    guard count > 1 else { return [try body(.alone)] }
    return try outcomes(count, body).map { try $0.get() }
  }
}
