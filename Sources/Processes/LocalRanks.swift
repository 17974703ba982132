package import Foundation
internal import Synchronization
internal import Torch

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The ranks of one machine, started as child processes that share its cores out. This process keeps their store, so
/// that a rank that is killed has somebody to say so.
package struct LocalRanks {
  package var count: Int
  package var program: URL
  package var arguments: [String]
  /// The library that exchanges tensors of GPUs; nil leaves it to the environment.
  package var backend: RankBackend?

  package init(_ count: Int, program: URL, arguments: [String]) {
    (self.count, self.program, self.arguments) = (count, program, arguments)
  }

  private struct Child {
    let rank: Int
    let process: Process
  }

  /// Runs all ranks to their end.
  /// - Parameters:
  ///   - isInterrupted: whether the user wants the work to end
  ///   - say: told the reason of each failure once, also where several ranks have the same
  /// - Returns: the exit code of the first rank that failed, 0 for none
  /// - Throws: ``LetheError`` for a program that does not start
  package func callAsFunction(
    isInterrupted: () -> Bool = { false }, say: (String) -> Void
  ) throws -> Int32 {
    let store: SharedStore
    do throws(Fault) {
      store = try SharedStore(host: "127.0.0.1", port: 0, serves: true, seconds: 30)
    } catch {
      throw LetheError(.other, "no store for \(count) ranks: \(Device.reason(error.text))")
    }
    var running: [Child] = []
    var (end, ended): (Int32, [RankFailure]) = (0, [])
    var (isEnding, endingSince) = (false, Date())
    let failures = RankFailures()
    defer { failures?.remove() }
    var (saying, heard) = (SaidFailures(), Date?.none)
    func sayNew() {
      for sentence in saying.new(in: (failures?.all ?? []) + ended) { say(named(sentence)) }
    }
    defer { for child in running { kill(child.process.processIdentifier, SIGKILL) } }
    let cores = Cores.ofThisProcess
    for rank in 0..<count {
      running.append(try start(rank, store.port, cores.share(rank, of: count), failures))
    }
    cores.take()
    while !running.isEmpty {
      Thread.sleep(forTimeInterval: 0.02)
      if isInterrupted(), !isEnding {
        (isEnding, endingSince) = (true, Date())
        for child in running { kill(child.process.processIdentifier, SIGTERM) }
      }
      for child in running where !child.process.isRunning {
        running.removeAll { $0.rank == child.rank }
        let (status, reason) = (child.process.terminationStatus, child.process.terminationReason)
        guard status != 0 || reason == .uncaughtSignal, end == 0 else { continue }
        end = status
        if reason == .uncaughtSignal {
          let sentence =
            "it was ended by signal \(status); finished work is kept, and the same command goes on"
          let failure = RankFailure(rank: child.rank, kind: 1, sentence: sentence)
          (end, ended) = (1, [failure])
          if let data = try? JSONEncoder().encode(failure) {
            try? store.set("lethe/failed", data)
          }
        }
        if !isEnding { (isEnding, endingSince) = (true, Date()) }
      }
      // The first rank's reason comes before those of others, which it may have too.
      if failures?.isEmpty == false || !ended.isEmpty {
        let since = heard ?? Date()
        heard = since
        let isFirstOut = !running.contains { $0.rank == 0 }
        if isFirstOut || Date().timeIntervalSince(since) > Self.hearing { sayNew() }
      }
      // The others learn of a failure through the store and finish their step.
      if isEnding, Date().timeIntervalSince(endingSince) > Self.grace {
        for child in running { kill(child.process.processIdentifier, SIGKILL) }
      }
    }
    sayNew()
    return end
  }

  /// A reason with the option that the user gave in the place of the variable that ranks got for it.
  private func named(_ sentence: String) -> String {
    let variable = RankBackend.key + ": "
    return backend == nil
      ? sentence : sentence.replacing(variable, with: "--backend: ", maxReplacements: 1)
  }

  /// Seconds in which the first rank says why it fails, before the others are listened to.
  private static let hearing = 2.0

  /// Seconds in which ranks end by themselves after one has failed.
  private static let grace = 90.0

  private func start(
    _ rank: Int, _ port: Int, _ cores: Cores, _ failures: RankFailures?
  ) throws -> Child {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    var variables = ProcessInfo.processInfo.environment
    let own = [
      "RANK": rank, "WORLD_SIZE": count, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": count,
      "MASTER_PORT": port,
    ]
    for (name, value) in own { variables[name] = "\(value)" }
    (variables["MASTER_ADDR"], variables["TORCHELASTIC_USE_AGENT_STORE"]) = ("127.0.0.1", "True")
    if let backend { variables[RankBackend.key] = backend.rawValue }
    variables[RankEnvironment.parentKey] = "\(getpid())"
    variables[RankFailures.key] = failures?.file.path
    if variables["OMP_NUM_THREADS"] == nil { variables["OMP_NUM_THREADS"] = "\(cores.count)" }
    process.environment = variables
    // A child begins on the cores of the thread that starts it.
    cores.take()
    do { try process.run() } catch {
      throw LetheError(.other, "\(program.path) does not start")
    }
    return Child(rank: rank, process: process)
  }
}

/// Processor cores that a process may run on.
package struct Cores: Hashable, Sendable {
  package var numbers: [Int]
  /// Threads that suit them.
  package var count: Int { max(1, numbers.count) }

  package init(_ numbers: [Int]) { self.numbers = numbers }

  /// The rank's part: as many for each, and where there are fewer cores than ranks, all for everybody.
  package func share(_ rank: Int, of ranks: Int) -> Cores {
    let each = numbers.count / ranks
    guard each > 0 else { return Cores([]) }
    return Cores(Array(numbers[(rank * each)..<((rank + 1) * each)]))
  }

  /// Those that this process may run on now.
  package static var ofThisProcess: Cores {
    #if os(Linux)
      guard let get = affinity("sched_getaffinity") else { return Cores([]) }
      var mask = [UInt8](repeating: 0, count: maskBytes)
      guard mask.withUnsafeMutableBytes({ get(0, maskBytes, $0.baseAddress) }) >= 0 else {
        return Cores([])
      }
      return Cores((0..<(maskBytes * 8)).filter { mask[$0 / 8] & (1 << ($0 % 8)) != 0 })
    #else
      return Cores(Array(0..<ProcessInfo.processInfo.activeProcessorCount))
    #endif
  }

  /// Keeps this thread, and the processes that it starts, on these cores; none leaves them as they are.
  func take() {
    #if os(Linux)
      guard !numbers.isEmpty, let set = Self.affinity("sched_setaffinity") else { return }
      var mask = [UInt8](repeating: 0, count: Self.maskBytes)
      for core in numbers where core / 8 < mask.count { mask[core / 8] |= 1 << (core % 8) }
      _ = mask.withUnsafeMutableBytes { set(0, Self.maskBytes, $0.baseAddress) }
    #endif
  }

  #if os(Linux)
    /// Bytes of a `cpu_set_t`: 1,024 cores.
    private static let maskBytes = 128

    /// A function of sched.h that is an extension of GNU, which Swift's Glibc leaves out.
    private static func affinity(
      _ name: String
    ) -> (@convention(c) (Int32, Int, UnsafeMutableRawPointer?) -> Int32)? {
      guard let found = dlsym(nil, name) else { return nil }
      return unsafeBitCast(
        found, to: (@convention(c) (Int32, Int, UnsafeMutableRawPointer?) -> Int32).self)
    }
  #endif
}
