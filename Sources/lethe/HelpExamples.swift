// Examples in help texts, as a shell takes them from the screen. The parser's printer wraps a longer line after a word,
// and the pasted command ends there.
import ArgumentParser
import Foundation

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
  /// The most characters of a line, so that the terminal wraps none.
  static let width = min(78, max(30, (columns ?? 80) - 2))

  /// The width that the parser's printer takes: that of the environment, then that of the terminal.
  private static var columns: Int? {
    if let named = ProcessInfo.processInfo.environment["COLUMNS"].flatMap({ Int($0) }) {
      return named
    }
    var size = winsize()
    return ioctl(1, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : nil
  }

  /// The text with the lines of its first paragraph broken between words, each with a backslash, where they are too
  /// long. Options stay with their values where there is room. A comment gets a line of its own.
  static func broken(_ help: String, width: Int = width) -> String {
    var isExample = true
    return help.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.isEmpty { isExample = false }
      return isExample && line.count > width ? broken(line: String(line), width) : String(line)
    }.joined(separator: "\n")
  }

  private static func broken(line: String, _ width: Int) -> String {
    let (indent, all) = (String(line.prefix { $0 == " " }), words(line))
    let words = all.prefix { !$0.hasPrefix("#") }
    let comment = all.dropFirst(words.count).joined(separator: " ")
    var lines: [String] = []
    // Two places are left for the backslash.
    func add(_ part: String) -> Bool {
      let last = lines.last ?? ""
      guard !lines.isEmpty, last.count + 1 + part.count <= width - 2 else { return false }
      lines[lines.count - 1] = "\(last) \(part)"
      return true
    }
    for part in parts(Array(words)) {
      let whole = part.joined(separator: " ")
      let start = lines.isEmpty ? indent : indent + "    "
      if add(whole) { continue }
      if start.count + whole.count <= width - 2 {
        lines.append(start + whole)
        continue
      }
      for word in part where !add(word) {
        lines.append((lines.isEmpty ? indent : indent + "    ") + word)
      }
    }
    return (comment.isEmpty ? "" : "\(indent)\(comment)\n") + lines.joined(separator: " \\\n")
  }

  /// The words of a line as a shell divides it, with their quotes.
  static func words(_ line: String) -> [String] {
    var (words, word, quote) = ([String](), "", Character?.none)
    for character in line + " " {
      if character == " ", quote == nil {
        if !word.isEmpty { words.append(word) }
        word = ""
        continue
      }
      word.append(character)
      if character == quote {
        quote = nil
      } else if quote == nil, character == "\"" || character == "'" {
        quote = character
      }
    }
    return words
  }

  /// Options with their values, behind the words before the first option.
  private static func parts(_ words: [String]) -> [[String]] {
    words.reduce(into: []) { parts, word in
      if parts.isEmpty || word.hasPrefix("--") {
        parts.append([word])
      } else {
        parts[parts.count - 1].append(word)
      }
    }
  }
}
