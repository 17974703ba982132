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
  static var judges: CompletionKind {
    .custom { _, _, _ in Completions.quoted(Completions.judges) }
  }
  static var concepts: CompletionKind {
    .custom { words, _, _ in Completions.quoted(Completions.concepts(words)) }
  }
  static var setConcepts: CompletionKind {
    .custom { words, _, _ in Completions.quoted(Completions.setConcepts(words)) }
  }
}

/// Values that complete a command line, by what stands on it.
enum Completions {
  /// Values as the script of a shell takes them: in zsh a description follows behind a colon.
  static func quoted(
    _ values: [String], forZsh isZsh: Bool = CompletionShell.requesting == .zsh
  ) -> [String] {
    isZsh ? values.map { $0.replacing(":", with: "\\:") } : values
  }

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

  /// A completion script in which `bench MODEL` is completed as `bench methods MODEL`: the parser's scripts know no default
  /// subcommand.
  static func completingUsualBench(_ script: String) -> String {
    let names = BenchCommand.configuration.subcommands.compactMap {
      $0.configuration.commandName
    }
    let usual = BenchMethods.configuration.commandName ?? ""
    func lines(_ depth: Int, _ lines: [String]) -> String {
      lines.map { String(repeating: " ", count: depth) + $0 + "\n" }.joined()
    }
    let own = "\n_lethe_bench() {\n"
    if script.hasPrefix("#!/bin/bash") {
      return script.replacingFirst(
        lines(4, ["*)", "    # Offer subcommand completions"]), behind: own,
        with: lines(
          4,
          [
            "*)", "    if [[ \"${#unparsed_words[@]}\" -gt 0 ]]; then",
            "        # A model stands in the place of a subcommand",
            "        unparsed_words=(\"${subcommand}\" \"${unparsed_words[@]}\")",
            "        \"_lethe_bench_\(usual)\"", "        return", "    fi",
            "    # Offer models and subcommand completions", "    __lethe_add_completions -d",
          ]))
    }
    if script.hasPrefix("#compdef") {
      let described = lines(8, ["_describe -V subcommand subcommands && ret=0"])
      let called = lines(12, ["\"_lethe_bench_${words[1]}\" && ret=0", ";;"])
      return
        script
        .replacingFirst(described, behind: own, with: described + lines(8, ["_files -/ && ret=0"]))
        .replacingFirst(
          called, behind: own,
          with: called
            + lines(
              8,
              [
                "*)", "    # A model stands in the place of a subcommand",
                "    words=('\(usual)' \"${words[@]}\")", "    (( CURRENT++ ))",
                "    \"_lethe_bench_\(usual)\" && ret=0", "    ;;",
              ]))
    }
    // Fish looks at the words before the cursor.
    let first = lines(12, ["case '\(usual)'"])
    let offered =
      "complete -c 'lethe' -n '__lethe_should_offer_completions_for_positional \"lethe bench\" -eq 1' -fa "
    return
      script
      .replacingFirst(
        first, behind: lines(8, ["case 'bench'"]),
        with: lines(
          12,
          [
            "case \(names.map { "'\($0)'" }.joined(separator: " ")) ''", "case '*'",
            "    # A model stands in the place of a subcommand",
            "    set unparsed_tokens '\(usual)' $unparsed_tokens", "end",
            "switch $unparsed_tokens[1]",
          ]) + first
      )
      .replacingFirst(
        offered, behind: "\n", with: offered + "'(__lethe_complete_directories)'\n" + offered)
  }

  private static func themes(at place: String) -> Themes? {
    guard !place.hasPrefix("-"), FileManager.default.fileExists(atPath: place) else { return nil }
    if let own = try? ModelFolder(place).listedThemes() { return own }
    if let job = try? RunFolder(place).job() { return try? job.folder.listedThemes() }
    let model = (try? EraserSet(place.filePlace))?.card.model
    return model.flatMap { try? ModelFolder($0).listedThemes() }
  }
}

extension String {
  /// The text with the first occurrence of a part behind a mark replaced; the text itself where there is none.
  fileprivate func replacingFirst(_ part: String, behind mark: String, with new: String) -> String {
    guard let start = firstRange(of: mark),
      let place = self[start.upperBound...].firstRange(of: part)
    else { return self }
    return self[..<place.lowerBound] + new + self[place.upperBound...]
  }
}
