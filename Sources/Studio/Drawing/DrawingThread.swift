internal import Foundation

/// A thread of its own for an actor. A picture takes seconds, and the threads that answer calls are as few as the cores.
final class DrawingThread: SerialExecutor, @unchecked Sendable {
  private let condition = NSCondition()
  /// Guarded by `condition`.
  private var jobs: [UnownedJob] = []

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
    condition.withLock {
      while jobs.isEmpty { condition.wait() }
      return jobs.removeFirst()
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    condition.withLock {
      jobs.append(job)
      condition.signal()
    }
  }
}
