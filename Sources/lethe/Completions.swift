import ArgumentParser
import Attacks
import Diffusion
import Evaluation
import Foundation
import Training
import Unlearning
import Workbench

extension CompletionKind {
  static var methods: CompletionKind { .list(LetheProgram.catalogs.methods.names) }
  static var attacks: CompletionKind { .list(LetheProgram.catalogs.attacks.names + ["all"]) }
  static var samplers: CompletionKind { .list([Samplers.model] + Samplers.all.map { $0.name }) }
  static var judges: CompletionKind {
    .list(LetheProgram.catalogs.judges.all.map { $0.scheme + ($0.argument == .none ? "" : ":") })
  }

  /// The subjects of a model that stands earlier on the command line.
  static var concepts: CompletionKind {
    .custom { words, _, _ in
      let themes = words.lazy.compactMap { try? ModelFolder($0).listedThemes() }.first
      return themes.map { $0.objects + $0.styles } ?? []
    }
  }
}
