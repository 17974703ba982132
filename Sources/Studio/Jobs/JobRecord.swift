internal import Foundation
internal import Torch
internal import Training

/// A job as its file keeps it: `NAME.json`, beside `NAME.log` with its words and `NAME.exit` with its exit code.
struct JobRecord: Codable, Sendable, Hashable {
  /// A number that counts up, in four digits.
  let name: String
  /// The command, e.g. `erase`.
  let command: String
  /// The arguments of the program.
  let arguments: [String]
  /// The folder that the job works in.
  let folder: String
  /// The start (ISO 8601).
  let started: String
  /// Nil before the process is there.
  var process: ProcessIdentity?
  /// Whether somebody told it to stop.
  var isStopped = false

  /// Whether the arguments are those of a form: one of its commands, which writes into the job's folder.
  var worksInItsFolder: Bool {
    switch arguments.first {
    case "erase", "run": arguments.contains("--out=\(folder)")
    case "evaluate", "attack": arguments.dropFirst().first == folder
    default: false
    }
  }
}

/// The state of a job.
enum JobState: Equatable, Sendable {
  case running
  case done
  case stopped
  case failed(code: Int?)

  var word: String {
    switch self {
    case .running: "running"
    case .done: "done"
    case .stopped: "stopped"
    case .failed: "failed"
    }
  }
}

/// The files of the jobs.
struct JobFiles: Sendable {
  let folder: URL

  func record(_ name: String) -> URL { folder.appendingPathComponent("\(name).json") }
  func log(_ name: String) -> URL { folder.appendingPathComponent("\(name).log") }
  func exit(_ name: String) -> URL { folder.appendingPathComponent("\(name).exit") }

  /// The names of all jobs, the newest first.
  var names: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.wholeMatch(of: /[0-9]{4,9}\.json/) != nil }
      .map { String($0.dropLast(5)) }.sorted { ($0.count, $0) > ($1.count, $1) }
  }

  /// - Throws: ``Refusal`` for a name of nothing, ``LetheError`` for a file that cannot be read
  func read(_ name: String) throws -> JobRecord {
    guard name.wholeMatch(of: /[0-9]{4,9}/) != nil,
      FileManager.default.fileExists(atPath: record(name).path)
    else { throw Refusal(.unknown, "there is no job '\(name.prefix(40))'") }
    return try Checked(contentsOf: record(name)).decoded()
  }

  func write(_ job: JobRecord) throws {
    try AtomicFile.write(Data(try JSON(encoding: job).pretty.utf8), to: record(job.name))
  }

  func remove(_ name: String) {
    for file in [record(name), log(name), exit(name)] {
      try? FileManager.default.removeItem(at: file)
    }
  }

  /// - Returns: nil where the program has not ended, or its code was lost
  func exitCode(_ name: String) -> Int? {
    (try? InputFile.beginning(exit(name), 8)).flatMap {
      Int(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  func state(of job: JobRecord) -> JobState {
    if let code = exitCode(job.name) {
      return code == 0 ? .done : job.isStopped || code == 130 ? .stopped : .failed(code: code)
    }
    if job.process?.isAlive == true { return .running }
    return job.isStopped ? .stopped : .failed(code: nil)
  }

  /// The last line that the job said; for a job that failed it is the sentence with the reason.
  func lastWords(_ name: String) -> String {
    var tail = FileTail(log(name), last: 4000)
    let lines = String(decoding: tail.next(), as: UTF8.self).split(separator: "\n")
    let last = lines.last { $0.hasPrefix("lethe: ") } ?? lines.last
    return String(last ?? "").printable()
  }
}

/// The bytes that are added to a file, from time to time.
struct FileTail {
  private let file: URL
  private var place = 0
  private static let most = 1 << 16

  /// - Parameter last: the bytes to begin with, counted from the end; nil begins at the beginning
  init(_ file: URL, last: Int? = nil) {
    self.file = file
    if let last, let size = try? InputFile.size(file) { place = max(0, size - last) }
  }

  /// Whether the file is shorter than what was read of it: it was written anew.
  mutating func beganAnew() -> Bool {
    guard let size = try? InputFile.size(file), size < place else { return false }
    place = 0
    return true
  }

  /// The bytes since the last call, at most 64 KB of them.
  mutating func next() -> Data {
    guard let (descriptor, size) = try? InputFile.open(file) else { return Data() }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    guard size > place else { return Data() }
    try? handle.seek(toOffset: UInt64(exactly: place) ?? 0)
    let data = (try? handle.read(upToCount: min(Self.most, size - place))) ?? Data()
    place += data.count
    return data
  }
}
