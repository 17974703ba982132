// The folder of --out, before a command begins: a place that holds other things is refused by every command alike.
import Foundation
import Torch

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
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: place.path) else {
      return
    }
    // Temporaries of a command that was killed, and what file browsers leave.
    let shown = names.filter { !$0.hasPrefix(".") }.sorted()
    guard let first = shown.first, !shown.contains(where: isOwn) else { return }
    // Empty folders hold nothing that could be lost: a command that was killed, or one that begins beside this, makes
    // them before their files.
    guard !shown.allSatisfy({ Self.isEmpty(place.appendingPathComponent($0)) }) else { return }
    // A benchmark's and an evaluation's parts are folders of their own, some of them in others.
    let isOfParts =
      words.first != "erase" && words.first != "generate" && words.first != "train"
      && shown.contains { Self.holdsOwn(place.appendingPathComponent($0)) }
    guard !isOfParts else { return }
    throw refused("\(path) has other files, such as \(first)")
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
