internal import Foundation
internal import Synchronization

/// A thread of its own for an actor. A picture takes seconds, and the threads that answer calls are as few as the
/// cores.
final class DrawingThread: SerialExecutor {
  private let jobs = Mutex<[UnownedJob]>([])
  /// Counts the jobs.
  private let added = DispatchSemaphore(value: 0)

  init(_ name: String) {
    let thread = Thread { [self] in
      while true { next().runSynchronously(on: asUnownedSerialExecutor()) }
    }
    thread.name = name
    // Networks of many layers free their graphs recursively.
    thread.stackSize = 16 << 20
    thread.start()
  }

  private func next() -> UnownedJob {
    added.wait()
    return jobs.withLock { $0.removeFirst() }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    added.signal()
  }
}
