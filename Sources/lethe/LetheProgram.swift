// The command line as a library: a program of another package that brings methods, attacks or metrics of its own has
// all commands with them.
import ArgumentParser
import Foundation
import Processes
import Synchronization
import Torch
import Training
public import Workbench

#if canImport(Glibc)
  import Glibc
#endif

/// The program `lethe`.
public enum LetheProgram {
  private static let known = Mutex(Catalogs.builtIn)

  /// The methods, attacks and metrics that commands know by name.
  static var catalogs: Catalogs { known.withLock { $0 } }

  static func use(_ catalogs: Catalogs) { known.withLock { $0 = catalogs } }

  /// Runs the command that the process's arguments name, and ends the process with its exit code.
  /// - Parameter catalogs: Lethe's own methods, attacks, metrics and judges, and perhaps more
  public static func main(_ catalogs: Catalogs = .builtIn) {
    use(catalogs)
    StandardError.openClosedStreams()
    // Its variable goes once the process has joined others.
    _ = Failure.launched
    // The first Ctrl-C ends the program after the current step, which is saved. The second ends it at once.
    signal(SIGINT) { _ in
      if Interrupt.isRequested { _exit(130) }
      Interrupt.request()
    }
    signal(SIGTERM) { _ in Interrupt.request() }
    // A reader of a pipe that has enough, such as `head`, ends no work.
    signal(SIGPIPE, SIG_IGN)
    // A write beyond the shell's limit of file sizes fails, and the error names the file.
    signal(SIGXFSZ, SIG_IGN)
    // A parent process may have blocked these signals, and its children inherit that.
    var both = sigset_t()
    sigemptyset(&both)
    sigaddset(&both, SIGINT)
    sigaddset(&both, SIGTERM)
    sigprocmask(SIG_UNBLOCK, &both, nil)
    CommonOptions.silence(Array(CommandLine.arguments.dropFirst()))
    let words = FormerModelOption.replaced(in: Array(CommandLine.arguments.dropFirst()))
    do {
      var command = try Lethe.parseAsRoot(words)
      if ParsingFault.mayRepeat(words), let fault = ParsingFault(words, "").repeated {
        throw LetheError.request(fault)
      }
      try check(words)
      try command.run()
    } catch let error as LetheError {
      end(after: error)
    } catch {
      end(error, words)
    }
    if let error = StandardOutput.failure { end(after: error) }
    end(0)
  }

  private static func end(after error: LetheError) -> Never {
    Failure.report(error)
    end(Failure.exitCode(error).rawValue)
  }

  /// Ends the process after its output is written. Libtorch's destructors, which would free its tables of operators,
  /// are left out: they take a fifth of the time of a short command, and the system frees the memory.
  private static func end(_ code: Int32) -> Never {
    fflush(nil)
    _exit(code)
  }

  /// - Throws: ``LetheError`` of the kind `request` for a variable with a strange value, or a folder of --out that
  ///   holds other things
  private static func check(_ words: [String]) throws {
    let environment = ProcessInfo.processInfo.environment
    try Defaults.check(beside: words)
    // One process of several says it.
    guard environment[RankEnvironment.parentKey] == nil, environment["RANK"] ?? "0" == "0" else {
      return
    }
    try OutPlace.check(words)
    Defaults.strange(environment).forEach(CommonOptions.note)
  }

  /// Ends the process with the text and the exit code of an error. A command line that the parser does not take is a
  /// wrong request like any other.
  private static func end(_ error: any Error, _ words: [String]) -> Never {
    // The command has said why it fails. Another thread may still be opening libtorch, which `exit` would take apart.
    if let known = error as? ExitCode, !known.isSuccess { end(known.rawValue) }
    let code = Lethe.exitCode(for: error)
    if code == .success {
      // Help, the version and completions, for which the standard output may have no place.
      let text = Lethe.fullMessage(for: error)
      let isScript = words.contains { $0.hasPrefix("--generate-completion-script") }
      Swift.print(isScript ? Completions.completingUsualBench(text) : text)
      if let error = StandardOutput.failure { end(after: error) }
      end(0)
    }
    guard code == .validationFailure else { Lethe.exit(withError: error) }
    end(after: LetheError.request(ParsingFault(error, words).sentence))
  }
}
