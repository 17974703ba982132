import ArgumentParser
import Diffusion
import Editing
import Evaluation
import Foundation
import Processes
import Synchronization
import Torch
import Training
import Workbench

/// The options of every command.
struct CommonOptions: ParsableArguments {
  @Option(
    help:
      "Device of the computation: cpu, cuda, cuda:N or mps. LETHE_DEVICE, then cpu, when left out.",
    completion: .list(["cpu", "cuda", "mps"]))
  var device: String?
  @Option(
    help:
      "Threads of tensor operators, 1 or more. 0 takes one thread a core. LETHE_THREADS, then 0, when left out."
  )
  var threads: Int?
  @Option(
    help:
      "Number of pictures that go through a network at once while pictures are drawn, 1 or more. 'auto', or 0, takes as many as fit into memory. LETHE_BATCH, then auto, when left out."
  )
  var batch: BatchCount?
  @Option(
    help:
      "Type that the networks compute in while pictures are drawn: float32, bfloat16 or float16. The frozen networks of a training of `erase` and `bench` have it too. LETHE_DTYPE, then float32, when left out."
  )
  var dtype: FloatType?
  @Flag(
    name: .shortAndLong,
    help:
      "Silence: print no progress lines, no notes and no closing sentence; a verdict stays. LETHE_QUIET=1 is the same."
  )
  var quiet = false
  @Flag(
    help:
      "Output: the outcome as JSON on standard output in the place of sentences. --dry-run prints its request as JSON there without it too, and its lists whole with it."
  )
  var json = false

  /// The type of all pictures; nil for float32.
  private var usualType: ComputeType? {
    get throws {
      let type = try dtype ?? Defaults.type() ?? .float32
      return type == .float32 ? nil : type.computeType
    }
  }

  func openDevice() throws -> Device {
    let opened =
      try device.map(RankSession.device)
      ?? Defaults.read("LETHE_DEVICE", for: "--device", RankSession.device) ?? .cpu
    try RankSession.ranks.compute(on: opened)
    if !isQuiet { ProgressLine.shared.begin() }
    return opened
  }

  var isQuiet: Bool {
    quiet || (try? Defaults.flag("LETHE_QUIET")) == true || !RankSession.ranks.isFirst
  }

  /// A run in a folder, which other processes stay out of until this one ends.
  /// - Parameters:
  ///   - parts: folders in it that the command writes into
  ///   - shares: whether the process is one of several that work for a common parent
  func run(
    at folder: String, seed: UInt64, parts: [String] = [], shares: Bool = false
  ) throws -> Run {
    let place = try Self.writable(folder, parts: parts)
    let ranks = RankSession.ranks
    if ranks.isFirst { MadeFolders.expect(place) }
    let run = try Run(place, seed: seed)
    run.ranks = ranks
    if !shares, ranks.isFirst {
      do { try run.keepOthersOut() } catch {
        MadeFolders.leave()
        throw error
      }
    }
    if !isQuiet {
      ProgressLine.shared.begin()
      run.onProgress = ProgressLine.shared.show
    }
    run.onNote = Self.note
    return run
  }

  /// The place of a folder that a command writes into. A preview asks the same, and is refused as the command would be.
  /// - Parameter parts: folders in it that the command writes into
  /// - Throws: ``LetheError`` of the kind `request` for a name that is empty or a file's, `disk` for a place that cannot be
  ///   written to, and `model` for a part that is a link out of the folder
  @discardableResult
  static func writable(_ folder: String, parts: [String] = []) throws -> URL {
    try requireName(folder)
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), !isFolder.boolValue {
      throw LetheError.noFolder(folder, "--out", accepted: "a folder's name, old or new")
    }
    let place = Place(argument: folder).url
    guard RankSession.ranks.isFirst else { return place }
    try Folder.requireWritable(place)
    for part in parts {
      try Folder.requireWritable(place.inside(part, "a folder of results", of: place))
    }
    return place
  }

  /// - Throws: ``LetheError`` of the kind `request` for an empty name, which would be the folder that we are in
  static func requireName(_ folder: String, _ option: String = "--out") throws {
    guard !folder.isEmpty else {
      throw LetheError.badValue(option, "an empty text names no folder; accepted: a folder's name")
    }
  }

  /// Whether the command prints no notes.
  private static let isSilent = Atomic(false)

  /// Turns notes off where the words of a command, or the environment, ask for silence: some are said before the command
  /// begins.
  static func silence(_ words: [String]) {
    let own = words.prefix { $0 != "--" }
    let isAsked = own.contains("-q") || own.contains("--quiet")
    isSilent.store(
      isAsked || (try? Defaults.flag("LETHE_QUIET")) == true, ordering: .relaxed)
  }

  /// A sentence that the user should know although the command goes on; none with --quiet.
  static func note(_ sentence: String) {
    guard RankSession.ranks.isFirst, !isSilent.load(ordering: .relaxed) else { return }
    warn("note: \(sentence)")
  }

  /// Concepts as a model lists them, with a note on each that is spelled with other capital letters; other words stay.
  static func spelled(_ names: [String], in model: ModelFolder) throws -> [String] {
    guard !names.isEmpty, let themes = try model.listedThemes() else { return names }
    names.compactMap { themes.readingNote($0) }.forEach(note)
    return names.map { themes.spelled($0.trimmingCharacters(in: .whitespacesAndNewlines)) ?? $0 }
  }

  /// A note on a spelling of version 0.1, which the next release does not take any more.
  static func former(_ old: String, _ new: String) {
    note("\(old) is now \(new). The next release refuses the old spelling.")
  }

  /// Prints a command's outcome: as JSON where that was asked for, else the sentences, unless the command is to be
  /// quiet.
  func show(_ outcome: @autoclosure () throws -> JSON, _ sentences: () throws -> Void) throws {
    ProgressLine.shared.end()
    if json {
      print(try outcome().pretty, terminator: "")
    } else if !isQuiet {
      try sentences()
    }
  }

  /// Prints what a command would do: the plan's sentences on standard error, and the request as JSON on standard
  /// output.
  /// - Parameter lists: members with prompts or samples; see ``previewed(prompts:)``
  func preview(
    _ plan: [String], _ request: [String: JSON], _ lists: [String: JSON] = [:]
  ) {
    ProgressLine.shared.end()
    if !isQuiet { plan.forEach(warn) }
    var request = request.merging(lists) { $1 }
    request["plan"] = .array(plan.map(JSON.string))
    print(JSON.object(request).pretty, terminator: "")
  }

  /// Entries of a list that a preview shows without --json.
  private static let shown = 12

  /// The texts of the pictures of a preview, each once, with their numbers; --json gives all texts.
  func previewed(prompts: [String]) -> [String: JSON] {
    let texts = prompts.unique
    return [
      "pictures": .int(prompts.count), "promptCount": .int(texts.count),
      "prompts": .array(texts.prefix(json ? texts.count : Self.shown).map(JSON.string)),
    ]
  }

  /// The pictures of a preview, the first three alone without --json, with their number.
  func previewed(samples: [SampleSet.Sample]) throws -> [String: JSON] {
    [
      "pictures": .int(samples.count),
      "samples": try JSON(encoding: Array(samples.prefix(json ? samples.count : 3))),
    ]
  }

  /// Prints the command that usually comes next, on standard error.
  func next(_ arguments: String...) { next(arguments) }

  func next(_ arguments: [String]) {
    ProgressLine.shared.end()
    if !isQuiet, !json { warn("next: \((["lethe"] + arguments).shellCommand)") }
  }

  /// Runs the body of a command. An error becomes one line on standard error and an exit code.
  /// - Parameter shares: whether several ranks share the work; else the first one does it and the others leave
  func reporting(shares: Bool = false, _ body: () throws -> Void) throws {
    Self.isSilent.store(isQuiet, ordering: .relaxed)
    do {
      try accept("--threads", threads, Defaults.threads)
      try accept("--batch", batch?.count, Defaults.batches)
      let (threads, batch) = (
        try threads ?? Defaults.whole("LETHE_THREADS", Defaults.threads) ?? 0,
        try batch?.count ?? Defaults.batch() ?? 0
      )
      _ = try Defaults.flag("LETHE_QUIET")
      Runtime.keepFreedMemory()
      if threads > 0 { Runtime.threads = threads }
      Runtime.batch = batch
      Runtime.recordsWork = try Defaults.flag(Defaults.graphs, unset: true)
      ComputeType.usual = try usualType
      try RankSession.run(shares: shares, body)
      ProgressLine.shared.end()
    } catch {
      ProgressLine.shared.end()
      MadeFolders.removeEmpty(after: error)
      Failure.report(error)
      throw Failure.exitCode(error)
    }
  }
}

/// A file or a folder, with the name that the user gave it.
struct Place: ExpressibleByArgument, CustomStringConvertible {
  let description: String
  let url: URL

  init(argument: String) { (description, url) = (argument, argument.filePlace) }
  var defaultValueDescription: String { description }
}

/// Pictures at a time: a number, or `auto` for as many as fit into memory.
struct BatchCount: ExpressibleByArgument {
  let count: Int

  init?(argument: String) {
    guard let count = argument == "auto" ? 0 : Int(argument) else { return nil }
    self.count = count
  }
}
