internal import Foundation
internal import Torch
internal import Training
internal import Workbench

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The jobs: child processes of the same program, which go on when the studio ends. A studio that is started again
/// finds them by their files.
actor JobList {
  private let files: JobFiles
  private let program: URL
  private let places: Places
  /// Those that this process started, whose end it has to take note of.
  private var children: Set<ProcessIdentity> = []

  init(_ files: JobFiles, _ program: URL, _ places: Places) {
    (self.files, self.program, self.places) = (files, program, places)
  }

  /// Starts a job.
  /// - Throws: ``Refusal`` while another job works in the same folder
  func start(_ form: JobForm) throws -> JSON {
    try start(form.command, form.arguments, form.folder.path)
  }

  /// Starts a job once more: the same command goes on where it stopped.
  func again(_ name: String) throws -> JSON {
    let job = try files.read(name)
    // The file may have come with the folder from a stranger.
    guard places.name(of: RunFolder(job.folder).url) != nil, job.worksInItsFolder else {
      throw Refusal(.forbidden, "job \(name) works outside the studio's folders; type its command")
    }
    return try start(job.command, job.arguments, job.folder)
  }

  private func start(_ command: String, _ arguments: [String], _ folder: String) throws -> JSON {
    reap()
    if let other = jobs().first(where: { $0.folder == folder && files.state(of: $0) == .running }) {
      throw Refusal(
        .conflict,
        "job \(other.name) (\(other.command)) works in \(folder); wait for its end, or stop it")
    }
    try Folder.make(files.folder)
    let last = files.names.first.flatMap { Int($0) } ?? 0
    var job = JobRecord(
      name: String(format: "%04d", last + 1), command: command, arguments: arguments,
      folder: folder, started: ISO8601DateFormatter().string(from: Date()))
    files.remove(job.name)
    try files.write(job)
    do {
      job.process = try Spawn.detached(
        program, arguments, log: files.log(job.name), exit: files.exit(job.name))
    } catch {
      files.remove(job.name)
      throw error
    }
    try files.write(job)
    if let process = job.process { children.insert(process) }
    return json(job)
  }

  /// Tells a job to stop after its current step, or kills it.
  func stop(_ name: String, kills: Bool) throws -> JSON {
    reap()
    var job = try files.read(name)
    guard files.state(of: job) == .running, let process = job.process else {
      throw Refusal(.conflict, "job \(name) does not run")
    }
    job.isStopped = true
    try files.write(job)
    process.signal(kills ? SIGKILL : SIGTERM)
    return json(job)
  }

  /// Takes a job that has ended off the list. Its run stays.
  func forget(_ name: String) throws {
    reap()
    guard files.state(of: try files.read(name)) != .running else {
      throw Refusal(.conflict, "job \(name) runs; stop it first")
    }
    files.remove(name)
  }

  func lines() -> [JSON] {
    reap()
    return jobs().map(json)
  }

  func job(_ name: String) throws -> JobRecord {
    reap()
    return try files.read(name)
  }

  private func jobs() -> [JobRecord] { files.names.compactMap { try? files.read($0) } }

  private func reap() {
    for process in children where !process.isAlive {
      Spawn.reap(process)
      children.remove(process)
    }
  }

  func json(_ job: JobRecord) -> JSON {
    let state = files.state(of: job)
    var line: [String: JSON] = [
      "name": .string(job.name), "command": .string(job.command), "state": .string(state.word),
      "started": .string(job.started), "folder": .string(job.folder),
      "line": .string((["lethe"] + job.arguments).shellCommand),
    ]
    if let run = places.name(of: RunFolder(job.folder).url) { line["run"] = .string(run) }
    if case .failed(let code) = state, let code { line["code"] = .int(code) }
    if state != .running { line["words"] = .string(files.lastWords(job.name)) }
    return .object(line)
  }

  // MARK: - Watching

  /// The events of a job as they come: `state`, `log` with words, `event` with lines of its run's `events.jsonl`, and
  /// `anew` where that file was written anew.
  nonisolated func watch(_ name: String) -> AsyncStream<ServerEvent> {
    AsyncStream { events in
      let task = Task {
        await follow(name) { events.yield($0) }
        events.finish()
      }
      events.onTermination = { _ in task.cancel() }
    }
  }

  private nonisolated func follow(_ name: String, _ tell: @Sendable (ServerEvent) -> Void) async {
    guard let first = try? await job(name) else { return }
    var log = FileTail(files.log(name), last: 1 << 16)
    var lines = FileTail(RunFolder(first.folder).file("events.jsonl"))
    var (half, beat, last) = (Data(), 0, JSON.null)
    while !Task.isCancelled {
      // The state comes first. The output of a job that has ended is read below.
      guard let job = try? await job(name) else { return }
      let now = await json(job)
      if lines.beganAnew() {
        half = Data()
        tell(.value("anew", [:]))
      }
      if now != last { tell(.value("state", now)) }
      last = now
      var isIdle = true
      let words = log.next()
      if !words.isEmpty {
        isIdle = false
        tell(
          .value(
            "log",
            ["text": .string(String(decoding: words, as: UTF8.self).printable(hasLines: true))]))
      }
      half += lines.next()
      while let end = half.firstIndex(of: UInt8(ascii: "\n")) {
        isIdle = false
        if let event = try? JSONText.value(Data(half[half.startIndex..<end])) {
          tell(.value("event", event))
        }
        half = Data(half[half.index(after: end)...])
      }
      if isIdle, files.state(of: job) != .running {
        tell(.value("end", [:]))
        return
      }
      beat += 1
      if beat % 40 == 0 { tell(.beat) }
      if isIdle { try? await Task.sleep(for: .milliseconds(250)) }
    }
  }
}
