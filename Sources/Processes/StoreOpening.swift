internal import Foundation
internal import Synchronization
internal import Torch

extension SharedStore {
  /// Opens the store in a thread of its own: libtorch waits without end for a port that takes the connection and says
  /// nothing.
  static func open(_ e: RankEnvironment) throws -> SharedStore {
    let seconds = min(e.patience, 300)
    let found = Opening()
    Thread.detachNewThread {
      do throws(Fault) {
        let store = try SharedStore(
          host: e.host, port: e.port, serves: e.rank == 0 && !e.isStoreElsewhere, seconds: seconds)
        found.result.withLock { $0 = .success(store) }
      } catch { found.result.withLock { $0 = .failure(error) } }
      found.isDone.signal()
    }
    _ = found.isDone.wait(timeout: .now() + seconds + min(5, seconds))
    let reason: String
    switch found.result.withLock({ $0 }) {
    case .success(let store): return store
    case .failure(let fault): reason = Device.reason(fault.text)
    case nil: reason = "it does not answer"
    }
    throw LetheError(
      .other,
      "rank \(e.rank) finds no store at \(e.host):\(e.port): \(reason); MASTER_ADDR and MASTER_PORT name it"
    )
  }

  /// The result of the thread that opens the store; nil so far.
  private final class Opening: Sendable {
    let result = Mutex<Result<SharedStore, Fault>?>(nil)
    let isDone = DispatchSemaphore(value: 0)
  }
}
