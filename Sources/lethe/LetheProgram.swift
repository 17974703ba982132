// The command line as a library: a program of another package that brings methods, attacks or metrics of its own has all
// commands with them.
import ArgumentParser
import Foundation
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
    // The first Ctrl-C ends the program after the current step, which is saved. The second ends it at once.
    signal(SIGINT) { _ in
      if Interrupt.isRequested { _exit(130) }
      Interrupt.request()
    }
    signal(SIGTERM) { _ in Interrupt.request() }
    // A parent process may have blocked these signals, and its children inherit that.
    var both = sigset_t()
    sigemptyset(&both)
    sigaddset(&both, SIGINT)
    sigaddset(&both, SIGTERM)
    sigprocmask(SIG_UNBLOCK, &both, nil)
    let words = FormerModelOption.replaced(in: Array(CommandLine.arguments.dropFirst()))
    do {
      var command = try Lethe.parseAsRoot(words)
      try command.run()
    } catch {
      end(error, words)
    }
    if let error = StandardOutput.failure {
      Failure.report(error)
      exit(Failure.exitCode(error).rawValue)
    }
  }

  /// Ends the process with the text and the exit code of an error. A command line that the parser does not take is a
  /// wrong request like any other.
  private static func end(_ error: any Error, _ words: [String]) -> Never {
    guard Lethe.exitCode(for: error) == .validationFailure else { Lethe.exit(withError: error) }
    warn("lethe: \(Failure.short(ParsingFault(error, words).sentence))")
    exit(LetheError.Kind.request.rawValue)
  }
}
