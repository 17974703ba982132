import ArgumentParser
import Attacks
import Diffusion
import Editing
import Evaluation
import Foundation
import Torch
import Training
import Unlearning
import Workbench

extension CompletionKind {
  static var methods: CompletionKind { .list(LetheProgram.catalogs.methods.names) }
  static var samplers: CompletionKind { .list([Samplers.model] + Samplers.all.map { $0.name }) }
  /// Names with commas between them.
  static var methodList: CompletionKind {
    .custom { _, _, word in Completions.list(Completions.methods, word) }
  }
  static var attackList: CompletionKind {
    .custom { _, _, word in Completions.list(LetheProgram.catalogs.attacks.names + ["all"], word) }
  }
  static var judges: CompletionKind { .custom { _, _, _ in Completions.judges } }
  static var concepts: CompletionKind { .custom { words, _, _ in Completions.concepts(words) } }
  static var setConcepts: CompletionKind {
    .custom { words, _, _ in Completions.setConcepts(words) }
  }
}

/// Values that complete a command line, by what stands on it.
enum Completions {
  /// Methods and their variants.
  static var methods: [String] {
    LetheProgram.catalogs.methods.names
      + LetheProgram.catalogs.methods.all.flatMap { $0.variants.map(\.name) }
  }

  /// Lists that begin with the word's members before its last comma.
  static func list(_ names: [String], _ word: String) -> [String] {
    let done = word.split(separator: ",", omittingEmptySubsequences: false).dropLast()
      .map(String.init)
    let before = done.map { $0 + "," }.joined()
    return names.filter { !done.contains($0) }.map { before + $0 }
  }

  /// The judges that lie in the folder of judges, whole, and the beginnings of others.
  static var judges: [String] {
    let own = (try? ListCommand.judges(in: nil).map(\.name)) ?? []
    return own
      + LetheProgram.catalogs.judges.all.map { $0.scheme + ($0.argument == .none ? "" : ":") }
  }

  /// The subjects of a model, or of the model of a run or of a set of erasers, that stands on the line.
  static func concepts(_ words: [String]) -> [String] {
    let themes = words.lazy.compactMap(Self.themes).first
    return themes.map { $0.objects + $0.styles } ?? []
  }

  /// The concepts of a set of erasers that stands on the line.
  static func setConcepts(_ words: [String]) -> [String] {
    words.lazy.filter { !$0.hasPrefix("-") }
      .compactMap { try? EraserSet($0.filePlace).card.entries.map(\.name) }.first ?? []
  }

  private static func themes(at place: String) -> Themes? {
    guard !place.hasPrefix("-"), FileManager.default.fileExists(atPath: place) else { return nil }
    if let own = try? ModelFolder(place).listedThemes() { return own }
    if let job = try? RunFolder(place).job() { return try? job.folder.listedThemes() }
    let model = (try? EraserSet(place.filePlace))?.card.model
    return model.flatMap { try? ModelFolder($0).listedThemes() }
  }
}
