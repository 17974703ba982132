import ArgumentParser
import Foundation
import Processes
import Torch

#if canImport(Glibc)
  import Glibc
#endif

/// Exit codes, one for each kind of failure. ``LetheError/Kind`` has most of them.
///
///   0 done · 1 anything else · 2 an option, word or path of the command · 3 out of memory · 4 contents of a file or
///   model 5 disk or folder · 6 training diverged · 7 training stopped by its guard · 130 interrupted
enum Failure {
  static func exitCode(_ error: any Error) -> ExitCode {
    switch error {
    case let error as LetheError: ExitCode(error.kind.rawValue)
    case let fault as Fault where fault.isOutOfMemory: ExitCode(3)
    case let error as CocoaError: ExitCode(error.isWrite ? 5 : 4)
    default: ExitCode(1)
    }
  }

  static func report(_ error: any Error) {
    guard !leave(sentence(error), exitCode(error)) else { return }
    let ranks = RankSession.ranks
    warn("lethe: \(ranks.isFirst ? "" : "rank \(ranks.rank): ")\(Self.short(sentence(error)))")
    if (error as? LetheError)?.kind == .interrupted, ranks.isAlone { sayHowToGoOn() }
  }

  /// The place of reasons where `lethe launch` started this process; nil for other processes.
  static let launched = RankFailures(ProcessInfo.processInfo.environment)

  /// Leaves a reason for `lethe launch`, which says it once for all of its processes.
  /// - Returns: false where it is to be said here
  static func leave(_ sentence: String, _ code: ExitCode) -> Bool {
    launched?.leave(short(sentence), kind: code.rawValue) ?? false
  }

  /// Names and texts from files and options stand in sentences. A long one is cut in its middle, so that what would be
  /// accepted can still be read.
  static func short(_ sentence: String) -> String {
    guard sentence.count > 1200 else { return sentence }
    return "\(sentence.prefix(600)) ... \(sentence.suffix(400))"
  }

  /// Prints the command line of this process, to type again.
  static func sayHowToGoOn() {
    let words = CommandLine.arguments.dropFirst()
    warn("next: \((["lethe"] + words).shellCommand)")
  }

  /// One sentence, also for errors that are not the program's own and come with the words of a library.
  static func sentence(_ error: any Error) -> String {
    switch error {
    case let error as LetheError: return error.sentence
    case let fault as Fault where fault.isOutOfMemory: return "out of memory in \(fault)"
    case let error as CocoaError:
      let place = error.filePath ?? error.url?.path ?? "a file"
      let reason =
        (error.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) }
        ?? "the system refused it"
      return "cannot \(error.isWrite ? "write" : "read") \(place): \(reason)"
    case is DecodingError, is EncodingError:
      return "a value cannot be read or written as JSON; this is a fault of the program"
    case let error as POSIXError: return String(cString: strerror(error.code.rawValue))
    case let fault as Fault: return "\(fault)"
    default: return "an unexpected fault (\(type(of: error))); this is a fault of the program"
    }
  }
}

extension CocoaError {
  /// Codes from 512 on are those of writing.
  fileprivate var isWrite: Bool { (512..<1024).contains(code.rawValue) }
}
