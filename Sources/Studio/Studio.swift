// `lethe studio`: a web application of this machine over folders of runs.
internal import FlyingSocks
package import Foundation
internal import Synchronization
package import Torch
package import Workbench

/// A server over folders of runs: it shows them, draws with erasers on and off, and starts jobs.
package actor Studio {
  /// Settings of a studio.
  package struct Options: Sendable {
    /// Folders of runs, and of models.
    package var folders: [String]
    /// The address to listen on: an IP address of this machine, or `localhost`.
    package var host = "127.0.0.1"
    /// The port; 0 takes one that is free.
    package var port: UInt16 = 8737
    /// The token that calls must bring. Nil asks for none on this machine alone, and makes one for any other address.
    package var token: String?
    /// Seconds that a client has for a request's head, for its body, and for taking a part of an answer.
    var patience = 60.0
    /// The most connections at a time.
    var clients = 256
    /// The program that jobs run.
    package var program: URL

    package init(_ folders: [String], program: URL) {
      (self.folders, self.program) = (folders, program)
    }
  }

  /// The token that calls must bring; nil for none.
  package nonisolated let token: String?
  private let options: Options
  private let router: Router
  private let threads = ServerThreads()
  private var running: Task<Void, Never>?
  private let end = End()

  /// The fault that ended the server, where one did.
  private final class End: Sendable {
    let fault = Mutex<LetheError?>(nil)
  }

  /// The reason for which nobody is answered any more; nil while the server runs, and after ``close()``.
  package nonisolated var failure: LetheError? { end.fault.withLock { $0 } }

  /// The fewest characters of a token.
  package static let shortestToken = 16

  /// - Throws: ``LetheError`` of the kind `request` for a folder that is not there, an address or a token that is not
  ///   accepted
  package init(
    _ options: Options, catalogs: Catalogs = .builtIn, on device: Device = .cpu
  ) throws {
    var options = options
    if options.host == "localhost" { options.host = "127.0.0.1" }
    guard Gate.isAddress(options.host) else {
      throw LetheError.badValue(
        "--host", "'\(options.host)'; accepted: an IP address of this machine, or localhost")
    }
    if let token = options.token {
      guard token.utf8.count >= Self.shortestToken, token.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
      else {
        throw LetheError.badValue(
          "--token",
          "it has \(token.utf8.count) bytes; accepted: \(Self.shortestToken) letters, digits or signs at least"
        )
      }
    }
    token = options.token ?? (Gate.isLoopback(options.host) ? nil : Secret.random())
    var (folders, models): ([URL], [String]) = ([], [])
    for path in options.folders {
      guard ModelFolder(path).isModel else {
        let folder = path.filePlace.standardizedFileURL
        guard folder.isFolder else {
          throw LetheError.badValue(
            "studio", "there is no folder \(path); accepted: folders of runs, and of models")
        }
        folders.append(folder)
        continue
      }
      models.append(path)
    }
    guard let first = folders.first else {
      throw LetheError.badValue(
        "studio",
        "no folder for runs is named; accepted: at least one, for new runs and the studio's own files"
      )
    }
    let own = try first.inside(".studio", "the folder of the studio", of: first)
    let places = Places(folders: folders, models: models)
    router = Router(
      places: places, catalogs: catalogs, gate: Gate(host: options.host, token: token),
      table: RunTable(places),
      shelf: EraserShelf(places: places, uploads: own.appendingPathComponent("erasers")),
      painter: Painter(on: device),
      jobs: JobList(
        JobFiles(folder: own.appendingPathComponent("jobs")), options.program, places))
    self.options = options
  }

  /// Begins to listen.
  /// - Returns: the address for a browser, with the token where there is one
  /// - Throws: ``LetheError`` of the kind `request` for a port or an address that is not to be had
  package func open() async throws -> URL {
    try await open(waitingIn: SocketPool<Poll>.make())
  }

  /// - Parameter pool: the sockets that wait
  func open(waitingIn pool: any AsyncSocketPool) async throws -> URL {
    let server: Server
    do {
      server = try await Server(
        options.host, options.port, router, atMost: options.clients, patience: options.patience,
        pool: pool)
    } catch { throw Self.refused(error, options) }
    running = Task(executorPreference: threads) { [end] in
      guard let words = await server.run() else { return }
      end.fault.withLock {
        $0 = LetheError(
          .other,
          "the studio answers nobody any more: the system's list of its sockets failed (\(words)); start it again"
        )
      }
    }
    let host = options.host.contains(":") ? "[\(options.host)]" : options.host
    let query = token.map { "?token=\($0)" } ?? ""
    guard let url = URL(string: "http://\(host):\(server.port)/\(query)") else {
      throw LetheError.badValue("--host", "'\(options.host)' makes no address")
    }
    return url
  }

  /// Ends the server. Jobs go on.
  package func close() async {
    running?.cancel()
    await running?.value
    await router.painter.rest()
    running = nil
  }

  private static func refused(_ error: any Error, _ options: Options) -> LetheError {
    guard case SocketError.failed(_, let code, let message) = error else {
      return LetheError.badValue(
        "--host, --port", "\(options.host):\(options.port) is not to be had")
    }
    let isTaken = code == POSIXErrorCode.EADDRINUSE.rawValue
    return LetheError.badValue(
      isTaken ? "--port" : "--host, --port",
      isTaken
        ? "\(options.port) is in use; give another one, or 0 for any that is free"
        : "\(options.host):\(options.port) is not to be had: \(message)")
  }
}
