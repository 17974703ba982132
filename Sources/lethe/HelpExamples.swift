// Examples in help texts, as a shell takes them from the screen. The parser's printer wraps a longer line after a word, and the
// pasted command ends there.
import ArgumentParser

extension CommandConfiguration {
  /// - Parameter help: the discussion, whose first paragraph has examples
  init(
    commandName: String? = nil, abstract: String, help: String, shouldDisplay: Bool = true,
    subcommands: [any ParsableCommand.Type] = [],
    defaultSubcommand: (any ParsableCommand.Type)? = nil
  ) {
    self.init(
      commandName: commandName, abstract: abstract, discussion: HelpExamples.broken(help),
      shouldDisplay: shouldDisplay, subcommands: subcommands, defaultSubcommand: defaultSubcommand)
  }
}

enum HelpExamples {
  /// The most characters of a line, so that a terminal of 80 columns wraps none.
  static let width = 78

  /// The text with the lines of its first paragraph broken before options, each with a backslash, where they are too long.
  static func broken(_ help: String) -> String {
    var isExample = true
    return help.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.isEmpty { isExample = false }
      return isExample && line.count > width ? broken(line: line) : String(line)
    }.joined(separator: "\n")
  }

  private static func broken(line: Substring) -> String {
    var lines = [""]
    // A part is an option with its values, or the words before the first option.
    for part in line.replacing(" --", with: "\n--").split(separator: "\n") {
      let last = lines[lines.count - 1]
      // Two places are left for the backslash.
      if last.isEmpty || last.count + 1 + part.count <= width - 2 {
        lines[lines.count - 1] = last.isEmpty ? String(part) : "\(last) \(part)"
      } else {
        lines.append("      \(part)")
      }
    }
    return lines.joined(separator: " \\\n")
  }
}
