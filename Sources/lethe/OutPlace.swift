// The folder of --out, before a command begins: a place that holds other things is refused by every command alike.
import Evaluation
import Foundation
import Torch
import Workbench

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

enum OutPlace {
  /// Names that commands give to what they write first. A folder with one of them is a command's own.
  private static let own: Set<String> = [
    "identity.json", "job.json", "events.jsonl", "manifest.json", "results.json", "samples.jsonl",
    "prompts.json", "judges.json", "options.json", "verdict.json", "provenance.json",
    "eraser.safetensors", "increment.safetensors", "erasers.json", "curve.jsonl", "report.html",
    "grid.html", "model_index.json", "model", "original", "erased", "pictures", "samples",
    "combined",
    "attack", "relearn", "statistics", "workers", "training-samples", "unet", "vae", "text_encoder",
    "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler", "classes.json", "judge", "clip",
    "erased.json",
  ]
  /// Names that commands give to files beside those, and that other programs use too.
  private static let beside: Set<String> = [
    "README.md", "results.csv", "results.md", "events.csv", "tensorboard", "times.jsonl",
    "membership.json", "training.json", "themes.json", "methods.json", "attacks.json", "judges",
  ]
  private static let accepted = "a new folder, an empty one, or one that lethe made"

  /// Checks the folder that `--out` names among the words of a command.
  /// - Throws: ``LetheError`` of the kind `request` that names the folder
  static func check(_ words: [String]) throws {
    for (i, word) in words.enumerated() {
      if word.hasPrefix("--out=") { try check(String(word.dropFirst(6)), words) }
      if word == "--out", words.indices.contains(i + 1) { try check(words[i + 1], words) }
    }
  }

  private static func check(_ path: String, _ words: [String]) throws {
    func refused(_ why: String) -> LetheError {
      .badValue("--out", "\(why); accepted: \(accepted)")
    }
    // An empty name is refused where the folder is made.
    guard !path.isEmpty else { return }
    // Before anything else looks at it: Foundation takes seconds for a path that no system has.
    let names = path.split(separator: "/")
    if let long = names.first(where: { $0.utf8.count > Int(NAME_MAX) }) {
      throw refused(
        "a name of \(long.utf8.count) bytes, '\(long.prefix(20))...', is longer than the \(NAME_MAX) that a file system takes"
      )
    }
    guard path.utf8.count < Int(PATH_MAX) else {
      throw refused(
        "a path of \(path.utf8.count) bytes, '\(path.prefix(20))...', is longer than the \(PATH_MAX - 1) that the system takes"
      )
    }
    guard !path.hasPrefix("~") else {
      let rest = path.hasPrefix("~/") ? path.dropFirst(1) : "/..."
      throw refused(
        "'\(path)' begins with '~', which the shell makes a home folder of only outside of quotes and behind a space; write \"$HOME\(rest)\", or ./\(path) for a folder of that name"
      )
    }
    let place = path.filePlace.standardizedFileURL.resolvingSymlinksInPath()
    let shared: [(String, String)] = [
      ("/", "the root of all files"), (NSHomeDirectory(), "a home folder"),
      (FileManager.default.temporaryDirectory.path, "the folder of temporary files"),
    ]
    for (known, what) in shared
    where place.path
      == known.filePlace.standardizedFileURL.resolvingSymlinksInPath().path
    {
      throw refused("\(path) is \(what)")
    }
    guard !path.hasSuffix(".safetensors") else { return }
    if let model = Self.model(around: place) {
      throw refused("\(path) is in the folder of the model \(model.path)")
    }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: place.path) else {
      return
    }
    if let command = words.first, let mine = Owner.accepted(by: command),
      let owner = Owner(of: RunFolder(place))
    {
      // Its record says whose request the folder is, and the command refuses that of another.
      guard mine.contains(owner) else { throw refused("\(path) is \(owner.rawValue)") }
      // A list of pictures alone is not enough for an evaluation.
      if owner != .pictures || mine == [.pictures] { return }
    }
    // Temporaries of a command that was killed, and what file browsers leave.
    let shown = names.filter { !$0.hasPrefix(".") }.sorted()
    guard !shown.isEmpty else { return }
    // Empty folders hold nothing that could be lost: a command that was killed, or one that begins beside this, makes
    // them before their files.
    guard !shown.allSatisfy({ Self.isEmpty(place.appendingPathComponent($0)) }) else { return }
    // Parts of a benchmark, of an evaluation and of a grid are folders of their own, some of them in others.
    let isOfParts =
      !["erase", "generate", "train"].contains(words.first)
      || words.contains { $0 == "--grid" || $0.hasPrefix("--grid=") }
    let strange = shown.filter { isStrange($0, in: place) }
    let isKnown =
      shown.contains(where: isOwn)
      || isOfParts && shown.contains { Self.holdsOwn(place.appendingPathComponent($0)) }
    guard !isKnown else {
      // `apply` compares the folder of a model with its request itself.
      guard !strange.isEmpty, words.first != "apply" else { return }
      throw refused(
        "\(path) holds files that lethe did not write, such as \(few(strange)), beside some that it did"
      )
    }
    throw refused("\(path) has other files, such as \(few(shown))")
  }

  /// The first few names of a list.
  private static func few(_ names: [String]) -> String {
    names.prefix(3).joined(separator: ", ")
      + (names.count > 3 ? " and \(names.count - 3) more" : "")
  }

  /// Whether no command wrote it: a file of another name, or a folder with nothing of lethe's in it.
  private static func isStrange(_ name: String, in folder: URL) -> Bool {
    let place = folder.appendingPathComponent(name)
    return !isOwn(name) && !beside.contains(name)
      && name.wholeMatch(of: /membership-.*\.json/) == nil
      && !isEmpty(place) && !holdsOwn(place)
  }

  /// The model whose folder a place is in; nil for none, and for a model's own folder.
  private static func model(around place: URL) -> URL? {
    var there = place.deletingLastPathComponent()
    while there.path != "/", !FileManager.default.fileExists(atPath: there.path) {
      there.deleteLastPathComponent()
    }
    // Links are followed where they are: a place that is not there yet has none of its own.
    var parent = there.resolvingSymlinksInPath()
    while parent.path != "/" {
      if ModelFolder(parent).isModel { return parent }
      parent.deleteLastPathComponent()
    }
    return nil
  }

  /// The work that a folder holds, by the files that the commands leave.
  private enum Owner: String {
    case run = "a run of `lethe erase`"
    case sum = "a run of `lethe evaluate --with`"
    case audit = "an audit of `lethe audit`"
    case evaluation = "an evaluation of `lethe evaluate`"
    case attack = "the attacks of a run"
    case relearning = "the fine-tunings of a run"
    case comparison = "a comparison of `lethe compare`"
    case training = "a training of `lethe train`"
    case benchmark = "a benchmark of `lethe bench`"
    case model = "a model"
    case set = "a set of erasers"
    case pictures = "a folder of pictures"

    /// The folders that a command goes on with or replaces; nil for a command that says so itself.
    static func accepted(by command: String) -> Set<Owner>? {
      switch command {
      case "erase", "run": [.run]
      case "evaluate": [.sum, .evaluation, .pictures]
      case "audit": [.audit]
      case "apply": [.model]
      case "train": [.training]
      case "compare": [.comparison]
      case "bench": [.benchmark]
      case "generate", "make-set": [.pictures]
      default: nil
      }
    }

    /// - Returns: nil for a folder that nothing says anything of
    init?(of folder: RunFolder) {
      let found: Owner? =
        Self.byIdentity(folder)
        ?? [
          ("job.json", .run), ("model_index.json", .model), ("erasers.json", .set),
          ("results.json", Self.byResults(folder)), ("manifest.json", .pictures),
        ].first { folder.has($0.0) }?.1
      guard let found else { return nil }
      self = found
    }

    private static func byIdentity(_ folder: RunFolder) -> Owner? {
      switch try? folder.identity()?.command {
      case "erase": .run
      case "evaluate --with": .sum
      case "audit": .audit
      case "compare": .comparison
      case "train": .training
      default: nil
      }
    }

    private static func byResults(_ folder: RunFolder) -> Owner? {
      guard folder.has("results.json") else { return nil }
      let kind: String? = (try? JSON(contentsOf: folder.file("results.json")))?["kind"]?.string
      guard let kind else { return nil }
      switch Results.Kind(rawValue: kind) {
      case .evaluation, .audit: return .evaluation
      case .attack: return .attack
      case .relearning: return .relearning
      case .comparison: return .comparison
      case .releaseAudit: return .audit
      default: return kind.hasPrefix("bench ") ? .benchmark : nil
      }
    }
  }

  /// The names in a folder but hidden ones; nil for a file.
  private static func names(in place: URL) -> [String]? {
    (try? FileManager.default.contentsOfDirectory(atPath: place.path))?.filter {
      !$0.hasPrefix(".")
    }
  }

  /// Whether it is a folder with nothing but empty folders, to some depth.
  private static func isEmpty(_ place: URL, depth: Int = 4) -> Bool {
    guard let names = names(in: place) else { return false }
    guard depth > 0 else { return names.isEmpty }
    return names.allSatisfy { isEmpty(place.appendingPathComponent($0), depth: depth - 1) }
  }

  /// Whether a command wrote into the folder, or into one inside it.
  private static func holdsOwn(_ place: URL, depth: Int = 2) -> Bool {
    let names = names(in: place) ?? []
    return names.contains(where: isOwn)
      || depth > 0
        && names.contains { holdsOwn(place.appendingPathComponent($0), depth: depth - 1) }
  }

  /// Whether a command wrote it: a name of its own, a picture, a log or a state of a training.
  private static func isOwn(_ name: String) -> Bool {
    own.contains(name) || name.hasSuffix(".state.safetensors")
      || name.wholeMatch(of: /\d+_\d+\.png/) != nil
  }
}
