import ArgumentParser
import Benchmarks
import Diffusion
import Foundation
import Processes
import Synchronization
import Torch
import Training
import Workbench

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The part of this process in a command that several processes share. Ranks beside the first one print nothing but the
/// reason of a failure, and write the files of their own share alone.
enum RankSession {
  private static let joined = Mutex(Ranks.alone)

  static var ranks: Ranks { joined.withLock { $0 } }

  /// Joins the others that the environment names, runs the command, and waits for those that need this process.
  ///
  /// A command without a share for every rank is the first rank's alone, so that no file has two writers.
  /// - Parameter shares: whether the command has work for every rank
  /// - Throws: the errors of `body`, or the failure of another rank
  static func run(shares: Bool, _ body: () throws -> Void) throws {
    Workers.endWithParent()
    guard let own = try RankEnvironment(ProcessInfo.processInfo.environment) else {
      return try body()
    }
    // Gloo writes to a rank that has died; the failed write is told, and must not end this process without a word.
    signal(SIGPIPE, SIG_IGN)
    let ranks = try Ranks(
      joining: own, isInterrupted: { Interrupt.isRequested }, onFailure: { Interrupt.request() },
      onNote: { CommonOptions.note($0) })
    if shares {
      joined.withLock { $0 = ranks }
    } else {
      // Programs that the command starts are no ranks.
      for name in RankEnvironment.names { unsetenv(name) }
    }
    do {
      if ranks.isFirst {
        try body()
      } else if shares {
        dup2(open("/dev/null", O_WRONLY), 1)
        try WriteTurn.$isMine.withValue(false, operation: body)
      }
      try ranks.leave()
    } catch {
      // A rank that is interrupted because another one has failed says so. A refusal of its own is its reason.
      let failure = MadeFolders.isRefusal(error) ? nil : ranks.failure
      ranks.fail(Failure.exitCode(error).rawValue, Failure.sentence(error))
      throw failure?.error ?? error
    }
  }

  /// A device without a number is that of the rank's place on its machine.
  static func device(_ text: String) throws -> Device {
    try Device(parsing: text == "cuda" && !ranks.isAlone ? "cuda:\(ranks.localRank)" : text)
  }
}
