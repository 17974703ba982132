internal import Foundation

/// Threads for the server's tasks. The threads that other tasks share are as few as the cores, and a task that
/// computes, of a program that opens a studio beside it, keeps one for minutes; clients would wait that long.
final class ServerThreads: TaskExecutor {
  private let queue = DispatchQueue(label: "lethe.studio", attributes: .concurrent)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
