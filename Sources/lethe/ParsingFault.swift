// A command line that the parser does not take, in one sentence like the program's other faults: the word that is
// wrong, and the nearest one that is taken.
import ArgumentParser
import Foundation
import Torch

struct ParsingFault {
  /// The words after the program's name.
  let words: [String]
  /// The parser's own words.
  let message: String
  private let root: JSON

  /// - Parameter root: the command with its subcommands and options, as the parser prints it
  init(_ words: [String], _ message: String, of root: JSON) {
    (self.words, self.message, self.root) = (words, message, root)
  }

  /// - Parameter message: the parser's words; empty for a command line that it takes
  init(_ words: [String], _ message: String) { self.init(words, message, of: Self.commands) }

  init(_ error: any Error, _ words: [String]) {
    self.init(words, Lethe.message(for: error), of: Self.commands)
  }

  /// The program with its commands and their options.
  private static let commands =
    (try? JSONText.value(Data(Lethe._dumpHelp().utf8)))?["command"] ?? .null

  var sentence: String {
    let (command, path, rest) = named
    let own = "lethe" + path.map { " \($0)" }.joined()
    if let fault = strangeCommand(command, own, rest) ?? bareCommand(path, rest)
      ?? strangeOption(command, own, rest)
    {
      return fault
    }
    return "\(translated(command, own)); `\(own) --help` has all options"
  }

  /// An option that is given more than once and counts once: the parser takes the last one without a word. Nil for
  /// none, which most command lines show before the commands are asked.
  var repeated: String? {
    let (command, _, rest) = named
    let usual = command["defaultSubcommand"]?.string.flatMap { Self.subcommand($0, of: command) }
    let given = rest.prefix { $0 != "--" }.map { String($0.prefix { $0 != "=" }) }
    for option in [command, usual ?? .null].flatMap({ $0["arguments"]?.array ?? [] })
    where option["kind"]?.string == "option" && option["isRepeating"]?.bool == false {
      let names = Self.names(["arguments": .array([option])], hidden: [])
      let count = given.count { names.contains($0) }
      if count > 1 {
        return "\(names.last ?? ""): it is given \(count) times; accepted: once"
      }
    }
    return nil
  }

  /// Whether some option stands twice among the words, so that ``repeated`` is worth its time.
  static func mayRepeat(_ words: [String]) -> Bool {
    let options = words.filter { $0.hasPrefix("-") && $0.count > 1 }.map { $0.prefix { $0 != "=" } }
    return Set(options).count < options.count
  }

  /// The command that the first words name, the names that lead to it, and the words after them.
  private var named: (command: JSON, path: [String], rest: ArraySlice<String>) {
    var (command, path, rest) = (root, [String](), words[...])
    while let word = rest.first, let next = Self.subcommand(word, of: command) {
      (command, rest) = (next, rest.dropFirst())
      path.append(word)
    }
    return (command, path, rest)
  }

  private static func subcommands(_ command: JSON) -> [JSON] {
    (command["subcommands"]?.array ?? []).filter { $0["shouldDisplay"]?.bool != false }
  }

  private static func subcommand(_ name: String, of command: JSON) -> JSON? {
    command["subcommands"]?.array?.first { $0["commandName"]?.string == name }
  }

  // MARK: - Strange words

  /// A first word that is no command where one is needed, or nearly one where it may be something else.
  private func strangeCommand(_ command: JSON, _ own: String, _ rest: ArraySlice<String>) -> String?
  {
    let names = Self.subcommands(command).compactMap { $0["commandName"]?.string }
    guard let word = rest.first, !word.hasPrefix("-"), !names.isEmpty else { return nil }
    let isNeeded = command["defaultSubcommand"] == nil
    guard isNeeded || names.contains(where: word.isMisspelling) else { return nil }
    let noun = own == "lethe" ? "command" : "command of `\(own)`"
    return LetheError.unknown(noun, word, known: names.filter { $0 != "help" }).sentence
  }

  /// A command of `launch` without the two dashes before it, whose options `launch` would take for its own.
  private func bareCommand(_ path: [String], _ rest: ArraySlice<String>) -> String? {
    guard path == [LaunchCommand.configuration.commandName ?? ""], !rest.contains("--"),
      let place = rest.firstIndex(where: { Self.subcommand($0, of: root) != nil })
    else { return nil }
    let own = Array(rest[..<place]), given = Array(rest[place...])
    return "`lethe launch` takes a command after two dashes; accepted: "
      + (["lethe"] + path + own + ["--"] + given).shellCommand
  }

  /// The first option that the command does not have.
  private func strangeOption(_ command: JSON, _ own: String, _ rest: ArraySlice<String>) -> String?
  {
    // A command without a name, as `bench`, passes its options on.
    let usual = command["defaultSubcommand"]?.string.flatMap { Self.subcommand($0, of: command) }
    let options = Self.names(command) + (usual.map { Self.names($0) } ?? [])
    for word in rest.prefix(while: { $0 != "--" }) where word.hasPrefix("-") && word != "-" {
      let name = String(word.prefix { $0 != "=" })
      let isShort = !name.hasPrefix("--")
      let known = isShort ? String(name.prefix(2)) : name
      guard !options.contains(known), !isShort || name.dropFirst().first?.isLetter == true else {
        continue
      }
      let near = isShort ? nil : options.filter { $0.hasPrefix("--") }.nearest(to: name)
      return "unknown option '\(name)' of `\(own)`; "
        + (near.map { "did you mean '\($0)'? " } ?? "") + "`\(own) --help` has all options"
    }
    return nil
  }

  /// The spellings of a command's options.
  private static func names(
    _ command: JSON,
    hidden: [String] = [
      "--help", "-h", "--version", "--generate-completion-script", "--experimental-dump-help",
    ]
  ) -> [String] {
    let own = (command["arguments"]?.array ?? []).flatMap { $0["names"]?.array ?? [] }.compactMap {
      name in
      name["name"]?.string.map { (name["kind"]?.string == "short" ? "-" : "--") + $0 }
    }
    return own + hidden
  }

  // MARK: - The parser's words

  /// The parser's sentence in the program's form: the option, the value, and what would be accepted.
  private func translated(_ command: JSON, _ own: String) -> String {
    let text = String(message.split(separator: "\n").first ?? "").replacing("Error: ", with: "")
    if let found = text.firstMatch(of: /^Missing value for '(--?[^ ']+).*'$/) {
      if let fault = belowZero(String(found.1), command) { return fault }
      return "\(found.1) needs a value\(about(String(found.1), command))"
    }
    if let found = text.firstMatch(of: /^Missing expected argument '(<?[^']+)'$/) {
      return "`\(own)` needs \(found.1)\(about(String(found.1.prefix { $0 != " " }), command))"
    }
    if let found = text.firstMatch(
      of: /^The value '(.*)' is invalid for '(--?[^ ']+|<[^>']+>).*?'(.*)$/)
    {
      let (value, name) = (String(found.1), String(found.2))
      if name == "--seed" { return strangeSeed(value) }
      let known = argument(name, command)?["allValues"]?.array?.compactMap(\.string) ?? []
      let meant = known.nearest(to: value).map { "; did you mean '\($0)'?" } ?? ""
      return "\(name) does not take '\(value)'\(about(name, command))\(meant)"
    }
    if let found = text.firstMatch(of: /^Unexpected argument '(.*)'$/) {
      return tooMany([String(found.1)], command, own)
    }
    if let found = text.firstMatch(of: /^(\d+) unexpected arguments: (.*)$/) {
      let words = found.2.split(separator: ", ").map { $0.trimmingCharacters(in: ["'"]) }
      return tooMany(words, command, own)
    }
    if let found = text.firstMatch(
      of: /^The option '(.*)' does not take any value, but '(.*)' was specified.$/)
    {
      return "\(found.1): it takes no value, and '\(found.2)' is given"
    }
    return (text.first?.lowercased() ?? "") + text.dropFirst().replacing(/\.$/, with: "")
  }

  /// A number below zero behind an option, which the parser takes for another option; nil where there is none.
  private func belowZero(_ name: String, _ command: JSON) -> String? {
    guard let place = words.lastIndex(of: name), words.indices.contains(place + 1),
      case let value = words[place + 1], value.hasPrefix("-"), Double(value) != nil
    else { return nil }
    return name == "--seed"
      ? strangeSeed(value)
      : "\(name) does not take '\(value)'\(about(name, command)); a number below zero stands behind an equals sign, "
        + "\(name)=\(value), where the option takes one"
  }

  private func strangeSeed(_ value: String) -> String {
    "--seed: \(value); accepted: a whole number from 0 to \(UInt64.max)"
  }

  /// An option by its spelling, or an argument by its name in angle brackets.
  private func argument(_ name: String, _ command: JSON) -> JSON? {
    let usual = command["defaultSubcommand"]?.string.flatMap { Self.subcommand($0, of: command) }
    let all = [command, usual ?? .null].flatMap { $0["arguments"]?.array ?? [] }
    return all.first { argument in
      "<\(argument["valueName"]?.string ?? "")>" == name && argument["names"] == nil
        || (argument["names"]?.array ?? []).contains { "--\($0["name"]?.string ?? "")" == name }
    }
  }

  /// The words of a command line that no argument takes. Words of one text need quotes; a path is no part of a text.
  private func tooMany(_ words: [String], _ command: JSON, _ own: String) -> String {
    let places = (command["arguments"]?.array ?? []).filter {
      $0["kind"]?.string == "positional" && $0["shouldDisplay"]?.bool != false
    }.map { "<\($0["valueName"]?.string ?? "")>" }
    let takes = places.isEmpty ? "options alone" : "one \(places.joined(separator: " and one "))"
    let isPath = words.allSatisfy { FileManager.default.fileExists(atPath: $0) }
    let quoted = words.map { "'\($0)'" }.joined(separator: ", ")
    return
      "\(quoted) \(words.count == 1 ? "is one word" : "are \(words.count) words") too many: `\(own)` takes \(takes)"
      + (isPath ? "" : "; words that belong together stand in quotes")
  }

  /// The first sentence of an argument's help in brackets; empty for one without.
  private func about(_ name: String, _ command: JSON) -> String {
    let help = argument(name, command)?["abstract"]?.string ?? ""
    guard let first = help.first else { return "" }
    let sentence = help.firstRange(of: /\.( [A-Z]|$)/).map { help[..<$0.lowerBound] } ?? help[...]
    return " (\(first.lowercased())\(sentence.dropFirst()))"
  }
}
