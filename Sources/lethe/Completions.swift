import ArgumentParser
import Attacks
import Diffusion
import Editing
import Evaluation
import Foundation
import Training
import Unlearning
import Workbench

extension CompletionKind {
  static var methods: CompletionKind { .list(LetheProgram.catalogs.methods.names) }
  static var samplers: CompletionKind { .list([Samplers.model] + Samplers.all.map { $0.name }) }
  /// The judges that lie in the folder of judges, whole, and the beginnings of others.
  static var judges: CompletionKind {
    .custom { _, _, _ in
      let own = (try? ListCommand.judges(in: nil).map(\.name)) ?? []
      return own
        + LetheProgram.catalogs.judges.all.map { $0.scheme + ($0.argument == .none ? "" : ":") }
    }
  }

  /// Names with commas between them: those before the last comma stay.
  static var methodList: CompletionKind { list { LetheProgram.catalogs.methods.names + variants } }
  static var attackList: CompletionKind { list { LetheProgram.catalogs.attacks.names + ["all"] } }

  private static var variants: [String] {
    LetheProgram.catalogs.methods.all.flatMap { $0.variants.map(\.name) }
  }

  private static func list(_ names: @escaping @Sendable () -> [String]) -> CompletionKind {
    .custom { _, _, word in
      let done = word.split(separator: ",", omittingEmptySubsequences: false).dropLast()
        .map(String.init)
      let before = done.map { $0 + "," }.joined()
      return names().filter { !done.contains($0) }.map { before + $0 }
    }
  }

  /// The subjects of a model, or of the model of a run or of a set of erasers, that stands earlier on the command line.
  static var concepts: CompletionKind {
    .custom { words, _, _ in
      let themes = words.lazy.compactMap(Self.themes).first
      return themes.map { $0.objects + $0.styles } ?? []
    }
  }

  /// The concepts of a set of erasers that stands earlier on the command line.
  static var setConcepts: CompletionKind {
    .custom { words, _, _ in
      words.lazy.filter { !$0.hasPrefix("-") }
        .compactMap { try? EraserSet(URL(fileURLWithPath: $0)).card.entries.map(\.name) }.first ?? []
    }
  }

  private static func themes(at place: String) -> Themes? {
    guard !place.hasPrefix("-"), FileManager.default.fileExists(atPath: place) else { return nil }
    if let own = try? ModelFolder(place).listedThemes() { return own }
    if let job = try? RunFolder(place).job() { return try? job.folder.listedThemes() }
    let model = (try? EraserSet(URL(fileURLWithPath: place)))?.card.model
    return model.flatMap { try? ModelFolder($0).listedThemes() }
  }
}
