package import Diffusion
public import Foundation
package import Processes
import Synchronization
public import Torch

/// The progress of a long piece of work.
public struct RunProgress: Sendable {
  /// The part of the work, e.g. `esd`.
  public var stage: String
  /// Finished units of the part: steps or pictures.
  public var done: Int
  /// All units of the part.
  public var total: Int
  /// Text beside the bar, e.g. `loss 0.0312`.
  public var note: String
  /// Attempts that were made and those that are left at most, where units end early, as the prompts of an attack do.
  /// The time left is then that of attempts.
  public var attempts: (made: Int, left: Int)?

  /// The progress of one part of the work.
  public init(_ stage: String, _ done: Int, _ total: Int, _ note: String = "") {
    (self.stage, self.done, self.total, self.note) = (stage, done, total, note)
  }
}

/// One run on disk: its folder, its seed, its log. Libraries write to the log; only the program prints.
public final class Run {
  /// The folder that the run writes to.
  public let folder: URL
  /// The seed of all its random draws.
  public let seed: UInt64
  /// The hash of the request that the folder belongs to, which files of state carry; nil where nobody claimed it.
  package var identity: String?
  /// Receives the progress while the work goes on.
  public var onProgress: (RunProgress) -> Void = { _ in }
  /// Receives notes for the user while the work goes on.
  public var onNote: (String) -> Void = { _ in }
  /// Receives every event that is recorded in `events.jsonl`, for logs in other forms.
  package var onRecord: (JSON) throws -> Void = { _ in }
  /// Takes the events that are left, once some of them are dropped.
  package var onForget: ([JSON]) throws -> Void = { _ in }
  /// Steps of a training from one sample picture to the next; nil for none.
  package var sampleEvery: Int?
  /// Steps of a method's training after which its change of the weights is written to `snapshots/STEP.safetensors`.
  package var snapshotSteps: Set<Int> = []
  /// The type in which a training computes what it does not train, and the products of its steps; nil for float32.
  /// Trained weights, gradients and the optimizer's state are float32 in any case.
  package var computeType: ComputeType?
  /// The processes that share the work of this run.
  package var ranks = Ranks.alone
  private var notes: Set<String> = []
  private var lock: FolderLock?

  /// - Throws: ``LetheError`` when the folder cannot be made
  public init(_ folder: URL, seed: UInt64 = 0) throws {
    (self.folder, self.seed) = (folder, seed)
    try Self.makeFolder(folder)
  }

  /// Keeps other processes out of the folder for as long as this run is there.
  /// - Throws: ``LetheError`` of the kind `disk` while another process works in it
  package func keepOthersOut() throws {
    lock = try FolderLock(folder)
    AtomicFile.sweep(folder)
  }

  /// The same folder and listener with another seed.
  package func seeded(_ seed: UInt64) throws -> Run {
    let run = try Run(folder, seed: seed)
    (run.onProgress, run.onNote, run.identity) = (onProgress, onNote, identity)
    (run.onRecord, run.onForget) = (onRecord, onForget)
    (run.sampleEvery, run.keepsStates) = (sampleEvery, keepsStates)
    run.snapshotSteps = snapshotSteps
    (run.ranks, run.computeType) = (ranks, computeType)
    return run
  }

  /// Whether methods leave the states of their trainings in the folder for the caller, who clears them once the result
  /// is written: a full disk then costs the last steps alone.
  package var keepsStates = false

  /// Removes the states that trainings have left.
  package func clearStates() {
    guard WriteTurn.isMine else { return }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names
    where name.hasSuffix(".state.safetensors") || name.hasSuffix(".good.safetensors") {
      try? FileManager.default.removeItem(at: file(name))
    }
  }

  /// - Throws: ``LetheError`` when the folder cannot be made
  public convenience init(_ folder: String, seed: UInt64 = 0) throws {
    try self.init(folder.filePlace, seed: seed)
  }

  package static func makeFolder(_ folder: URL) throws {
    try Folder.make(folder)
  }

  /// The place of a file of the run.
  public func file(_ name: String) -> URL { folder.appendingPathComponent(name) }

  /// A file that no other process reads: each rank has its own.
  package func scratch(_ name: String) -> URL {
    file(ranks.isFirst ? name : "\(name).rank\(ranks.rank)")
  }

  /// A folder in this one that may have come with it from a stranger.
  /// - Throws: ``LetheError`` of the kind `model` for a link that leads elsewhere
  package func place(_ name: String) throws -> URL {
    try folder.inside(name, "a folder of results", of: folder)
  }

  /// Tells ``onProgress``.
  public func progress(_ stage: String, _ done: Int, _ total: Int, _ note: String = "") {
    onProgress(RunProgress(stage, done, total, note))
  }

  /// Tells the progress of a part whose units end early.
  package func progress(
    _ stage: String, _ done: Int, _ total: Int, _ note: String, made: Int, left: Int
  ) {
    var progress = RunProgress(stage, done, total, note)
    progress.attempts = (made, left)
    onProgress(progress)
  }

  /// Tells a sentence once.
  package func note(_ sentence: String?) {
    guard let sentence, notes.insert(sentence).inserted else { return }
    onNote(sentence)
  }

  /// Appends one line to `events.jsonl`.
  public func record(_ event: [String: JSON], to name: String = "events.jsonl") throws {
    let line = Data((JSON.object(event).compact + "\n").utf8)
    try AppendedLine.write(line, to: file(name))
    if name == "events.jsonl" { try onRecord(.object(event)) }
  }

  /// Appends one line to `events.jsonl` that is not there yet: a stage that is measured again after an interruption
  /// says the same.
  package func recordOnce(_ event: [String: JSON]) throws {
    let line = JSON.object(event).compact
    guard !events().contains(where: { $0.compact == line }) else { return }
    try record(event)
  }

  /// The events so far; a last line that a kill cut off is left out.
  public func events(_ name: String = "events.jsonl") -> [JSON] {
    guard let text = try? InputFile.text(file(name)) else { return [] }
    return text.split(separator: "\n").compactMap {
      try? JSONText.value(Data($0.utf8))
    }
  }

  /// Whether a stage has recorded a value.
  package func hasRecorded(_ key: String, ofStage stage: String) -> Bool {
    events().contains { $0["stage"]?.string == stage && $0[key] != nil }
  }

  /// Drops events of steps that will be done again after a resume, and those of a stage that name no step.
  package func forgetEvents(ofStage stage: String, from step: Int) throws {
    let kept = events().filter { $0["stage"]?.string != stage || ($0["step"]?.int ?? .max) < step }
    guard kept.count != events().count else { return }
    try AtomicFile.write(
      Data(kept.map { $0.compact + "\n" }.joined().utf8), to: file("events.jsonl"))
    try onForget(kept)
  }
}

/// Ctrl-C, asked for politely: loops finish the step in flight, save and throw ``LetheError``.
public enum Interrupt {
  private static let requested = Atomic(false)

  /// Asks the work to stop.
  public static func request() { requested.store(true, ordering: .relaxed) }
  /// Whether the work was asked to stop.
  public static var isRequested: Bool { requested.load(ordering: .relaxed) }
  /// - Throws: ``LetheError`` of the kind `interrupted` once the work was asked to stop
  public static func check() throws { if isRequested { throw LetheError.interrupted } }
  /// The same between the denoising steps of a picture, as the listener of a drawing's progress.
  package static func checkStep(_ step: Int, of count: Int) throws { try check() }
}

extension String {
  /// FNV-1a over the text's bytes: the same number in every run, for seeds and names.
  package var fingerprint: UInt64 {
    utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// A name for a file or a folder.
  package var slug: String {
    String(lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" })
  }
}
