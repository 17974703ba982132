import ArgumentParser
import Foundation
import Studio
import Synchronization
import Torch
import Training
import Workbench

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct StudioCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "studio",
    abstract: "Look at runs, draw with erasers and start jobs in a browser.",
    help: """
      Examples:
        lethe studio
        lethe studio runs Models/emoji --open
        lethe studio runs --host 0.0.0.0 --port 9000

      A page of this machine shows the runs of the folders as a table, two runs side by side, and pictures of a prompt \
      with erasers switched on and off. Jobs that are started there are processes of their own: they go on when the \
      studio ends, and the next studio finds them. Without --host the studio answers this machine alone. Any other \
      address needs the token that is printed. New runs, uploaded erasers and the list of jobs go into the first folder of \
      runs. Ctrl-C ends the studio.
      """)

  @Argument(
    help:
      "Folders of runs, and of models to draw with. The folder runs and the models in Models when left out.",
    completion: .directory)
  var folders: [String] = []
  @Option(help: "Address to listen on: an IP address of this machine, or localhost.")
  var host = "127.0.0.1"
  @Option(help: "Port, 0 for any that is free.")
  var port: UInt16 = 8737
  @Option(
    help:
      "Token that every call must bring, at least 16 characters. Made and printed for any --host but this machine's own when left out."
  )
  var token: String?
  @Flag(help: "Open the page in the usual program.")
  var open = false
  @Flag(help: "Preview: check folders and options, print them as JSON, and stop.")
  var dryRun = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      let program = OwnProgram.url
      var options = Studio.Options(try found(), program: program)
      (options.host, options.port, options.token) = (host, port, token)
      let device = try common.openDevice()
      // Nothing goes forward here that a line could show.
      ProgressLine.shared.end()
      if dryRun {
        _ = try Studio(options, catalogs: LetheProgram.catalogs, on: device)
        let request: JSON = [
          "folders": .array(options.folders.map(JSON.string)), "host": .string(host),
          "port": .int(Int(port)), "program": .string(program.path),
        ]
        return print(request.pretty, terminator: "")
      }
      // Jobs compute where the studio does.
      if let own = common.device { setenv("LETHE_DEVICE", own, 1) }
      let studio = try Studio(options, catalogs: LetheProgram.catalogs, on: device)
      let address = try waiting { try await studio.open() }
      // The address, with its token, is what the command is for: --quiet leaves it.
      if common.json {
        let answer: JSON = [
          "url": .string(address.absoluteString), "token": studio.token.map(JSON.string) ?? .null,
        ]
        print(answer.pretty, terminator: "")
      } else {
        print(address.absoluteString)
      }
      fflush(nil)
      if !common.isQuiet, !common.json { warn("Ctrl-C ends the studio; its jobs go on") }
      if open { try PageOptions.open(address.absoluteString) }
      while !Interrupt.isRequested {
        if let failure = studio.failure { throw failure }
        Thread.sleep(forTimeInterval: 0.1)
      }
      // A picture that is drawn is waited for. One that takes longer ends with the process; jobs are processes of their
      // own.
      if try waiting(atMost: 1, { await studio.close() }) == nil {
        fflush(nil)
        _exit(0)
      }
    }
  }

  /// The folders that were named; those that are usual here where none is. A folder of runs that is not named is made.
  private func found() throws -> [String] {
    let models = ((try? FileManager.default.contentsOfDirectory(atPath: "Models")) ?? []).sorted()
      .map { "Models/\($0)" }.filter { ModelFolder($0).isModel }
    let named = folders.isEmpty ? models : folders
    guard named.allSatisfy({ ModelFolder($0).isModel }) else { return named }
    if !dryRun || FileManager.default.fileExists(atPath: "runs") {
      try Folder.make(Place(argument: "runs").url)
      return ["runs"] + named
    }
    try Folder.requireWritable(Place(argument: "runs").url)
    return ["."] + named
  }
}

/// The outcome of work that another thread does.
private final class Outcome<T: Sendable>: Sendable {
  let value = Mutex<Result<T, any Error>?>(nil)
}

/// Waits on this thread for work that others do.
func waiting<T: Sendable>(_ work: @escaping @Sendable () async throws -> T) throws -> T {
  guard let result = try waiting(atMost: .infinity, work) else { throw LetheError.interrupted }
  return result
}

/// Waits on this thread for work that others do.
/// - Returns: nil where it is not done after so many seconds
func waiting<T: Sendable>(
  atMost seconds: Double, _ work: @escaping @Sendable () async throws -> T
) throws -> T? {
  let (outcome, done) = (Outcome<T>(), DispatchSemaphore(value: 0))
  Task {
    do {
      let value = try await work()
      outcome.value.withLock { $0 = .success(value) }
    } catch {
      outcome.value.withLock { $0 = .failure(error) }
    }
    done.signal()
  }
  let end = seconds.isFinite ? DispatchTime.now() + seconds : .distantFuture
  guard done.wait(timeout: end) == .success else { return nil }
  return try outcome.value.withLock { $0 }?.get()
}
