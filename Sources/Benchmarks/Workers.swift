// Each trial of a benchmark runs in its own process. For small models two single-threaded processes are faster than one
// with two threads, and peak memory is measured per trial.
internal import Diffusion
package import Foundation
internal import Processes
internal import Torch
package import Training

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Processes that run the trials of a benchmark, some at a time.
package struct Workers {
  /// The number of processes at a time.
  package var count: Int
  package var program: URL
  /// The number of threads of each process.
  package var threads: Int

  package init(_ count: Int, program: URL, threads: Int) {
    (self.count, self.program, self.threads) = (count, program, threads)
  }

  /// Ends this process, if it is a worker, when the one that it works for has ended, however that ended: the step in
  /// flight is finished and saved.
  package static func endWithParent() {
    let key = RankEnvironment.parentKey
    let known = ProcessInfo.processInfo.environment[key].flatMap { pid_t($0) }
    // Programs that this one starts have another parent.
    unsetenv(key)
    guard let parent = known else { return }
    Thread.detachNewThread {
      while getppid() == parent { usleep(200_000) }
      Interrupt.request()
      // A step takes seconds, minutes at most.
      sleep(120)
      _exit(130)
    }
  }

  private struct Worker {
    let process: Process
    let trial: String
    let log: URL
  }

  /// Runs the program once for each trial. The output of a worker goes to `workers/TRIAL.log` in the run's folder.
  /// - Parameter arguments: the program's arguments without `--only TRIAL`, which is added, and with or without
  ///   `--threads N`, in whose place a worker has its share
  /// - Throws: ``LetheError`` with the last line of a failed worker. The other workers are ended, and finished trials
  ///   stay.
  package func callAsFunction(_ trials: [String], _ arguments: [String], in run: Run) throws {
    let logs = run.file("workers")
    try Run.makeFolder(logs)
    var waiting = trials[...]
    var working: [Worker] = []
    var done = 0
    defer {
      for worker in working { worker.process.terminate() }
      for worker in working { worker.process.waitUntilExit() }
    }
    while !waiting.isEmpty || !working.isEmpty {
      try Interrupt.check()
      while working.count < count, let trial = waiting.popFirst() {
        working.append(try start(trial, arguments, logs))
      }
      Thread.sleep(forTimeInterval: 0.1)
      let names = working.map(\.trial).joined(separator: ", ")
      for worker in working where !worker.process.isRunning {
        working.removeAll { $0.trial == worker.trial }
        guard worker.process.terminationStatus == 0 else {
          throw failure(of: worker.trial, lastLine(of: worker.log), worker.log, worker.process)
        }
        done += 1
      }
      run.progress("trials", done, trials.count, names)
    }
  }

  private func start(_ trial: String, _ arguments: [String], _ folder: URL) throws -> Worker {
    let log = folder.appendingPathComponent(trial.slug + ".log")
    try AtomicFile.write(Data(), to: log)
    guard let handle = try? FileHandle(forWritingTo: log) else {
      throw LetheError.unwritable(log, "it cannot be opened; choose another folder")
    }
    let process = Process()
    process.executableURL = program
    process.arguments =
      Self.withoutThreads(arguments) + ["--only", trial, "--threads", "\(threads)"]
    (process.standardOutput, process.standardError) = (handle, handle)
    // A worker is no rank.
    process.environment = ProcessInfo.processInfo.environment
      .filter { !RankEnvironment.names.contains($0.key) }
      .merging([RankEnvironment.parentKey: "\(getpid())"]) { $1 }
    do { try process.run() } catch {
      throw failure(of: trial, "\(program.path) does not start", log)
    }
    return Worker(process: process, trial: trial, log: log)
  }

  /// Arguments without the number of threads of the whole benchmark.
  private static func withoutThreads(_ arguments: [String]) -> [String] {
    var kept: [String] = []
    var rest = arguments[...]
    while let word = rest.popFirst() {
      if word == "--threads" {
        rest = rest.dropFirst()
      } else if !word.hasPrefix("--threads=") {
        kept.append(word)
      }
    }
    return kept
  }

  /// - Parameter process: the worker, whose exit code tells the kind of the failure
  private func failure(
    of trial: String, _ line: String, _ log: URL, _ process: Process? = nil
  ) -> LetheError {
    let code = process.flatMap { $0.terminationReason == .exit ? $0.terminationStatus : nil }
    return LetheError(
      code.flatMap(LetheError.Kind.init(rawValue:)) ?? .other,
      "the trial \(trial) failed: \(line) (\(log.path)); finished trials are kept")
  }

  private func lastLine(of log: URL) -> String {
    let text = (try? InputFile.text(log)) ?? ""
    return text.split(separator: "\n").last.map(String.init) ?? "it printed nothing"
  }
}
