// Help texts: examples, and lines that are wrapped once.
import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import LetheCommands

@Suite struct HelpTests: RunsProgram {
  /// Every command's help has an example. The terminal's width alone wraps its paragraphs: each line ends where the
  /// next word would not fit.
  @Test func helpHasExamplesAndIsWrappedOnce() throws {
    let width = 80
    var top = ""
    let commands = [
      [], ["generate"], ["make-set"], ["erase"], ["apply"], ["evaluate"], ["attack"], ["relearn"],
      ["report"], ["bench"], ["bench", "methods"], ["bench", "separability"],
      ["bench", "forgetting"], ["bench", "robustness"], ["bench", "relearning"], ["eraser"],
      ["run"], ["compare"], ["env"], ["eraser", "add"], ["eraser", "train"], ["eraser", "check"],
      ["train"], ["list"], ["doctor"], ["studio"],
    ]
    for command in commands {
      let (code, help, _) = try run(command + ["--help"], columns: width)
      #expect(code == 0)
      if command.count == 1 {
        #expect(top.contains("  \(command[0]) ") && help.contains("lethe \(command[0])"))
        #expect(help.contains("Example"), "\(command)")
        // The sentence about memory names it, whichever command draws.
        #expect(["list", "bench", "eraser"].contains(command[0]) || help.contains("--batch"))
      } else if command.isEmpty {
        top = help
      }
      let overview = help.prefix(upTo: help.range(of: "USAGE:")?.lowerBound ?? help.endIndex)
      let lines = overview.split(separator: "\n", omittingEmptySubsequences: false)
      for (line, next) in zip(lines, lines.dropFirst()) {
        guard let word = next.split(separator: " ").first, !line.isEmpty, !line.hasPrefix(" "),
          !next.hasPrefix(" "), !line.hasSuffix(":")
        else { continue }
        #expect(line.count + 1 + word.count >= width, "\(command): \(line)")
      }
    }
  }

  /// Every command and subcommand that help lists.
  private static let commands: [[String]] = {
    func below(_ command: any ParsableCommand.Type, _ path: [String]) -> [[String]] {
      [path]
        + command.configuration.subcommands.filter { $0.configuration.shouldDisplay }.flatMap {
          below($0, path + [$0._commandName])
        }
    }
    return below(Lethe.self, []).filter { !$0.isEmpty }
  }()

  /// On 80 and on 60 columns every line of an example is indented, none is wrapped by the terminal, and the lines as
  /// they stand are commands that the parser takes.
  @Test func examplesCanBePasted() throws {
    #expect(Self.commands.count > 30)
    for command in Self.commands {
      let wide = try examples(of: command, columns: 80)
      #expect(try examples(of: command, columns: 60) == wide, "\(command)")
      for example in wide {
        var words = example
        if words.prefix(2) == ["lethe", "launch"], let end = words.firstIndex(of: "--") {
          words = ["lethe"] + words[(end + 1)...]
        }
        guard words.first == "lethe" else { continue }
        #expect(throws: Never.self, "\(example)") {
          _ = try Lethe.parseAsRoot(Array(words.dropFirst()))
        }
      }
    }
  }

  /// The words of each example in a command's help.
  private func examples(of command: [String], columns: Int) throws -> [[String]] {
    let (_, help, _) = try run(command + ["--help"], columns: columns)
    let lines = help.components(separatedBy: "\n")
    guard let start = lines.firstIndex(where: { $0.hasPrefix("Example") }) else { return [] }
    let block = lines[(start + 1)...].prefix { !$0.isEmpty }
    #expect(!block.isEmpty, "\(command)")
    #expect(
      block.allSatisfy { $0.hasPrefix("  ") && $0.count <= columns }, "\(command): \(block)")
    return block.joined(separator: "\n").replacing(" \\\n", with: " ").split(separator: "\n")
      .map { Self.words(String($0)) }.filter { !$0.isEmpty }
  }

  /// The words of a line as a shell divides it; what follows a # is left out.
  private static func words(_ line: String) -> [String] {
    var (words, word, quote) = ([String](), "", Character?.none)
    for character in line + " " {
      if let open = quote {
        if character == open { quote = nil } else { word.append(character) }
      } else if character == "\"" || character == "'" {
        quote = character
      } else if character == "#", word.isEmpty {
        break
      } else if character == " " {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    return words
  }

  @Test func longExamplesAreBrokenBeforeOptions() {
    let line = "  lethe x " + (1...9).map { "--option-\($0) value" }.joined(separator: " ")
    let broken = HelpExamples.broken("Examples:\n\(line)\n\nText \(line)", width: 78)
    let lines = broken.components(separatedBy: "\n")
    #expect(lines.allSatisfy { $0.count <= 78 || $0.hasPrefix("Text") })
    #expect(lines.last == "Text \(line)")
    let example = lines.dropFirst().prefix { !$0.isEmpty }
    #expect(example.count == 3 && example.dropFirst().allSatisfy { $0.hasPrefix("      --option") })
    #expect(
      Self.words(example.joined(separator: "\n").replacing(" \\\n", with: " ")) == Self.words(line))
  }

  /// Quoted words stay whole, an option that is too long is broken between its values, and a comment stands above.
  @Test func longOptionsAreBrokenBetweenWords() {
    let line = "  lethe x a/long/place --prompt 'a fox --x' --set one=1 two=22 three=333  # why so"
    #expect(
      HelpExamples.broken("Examples:\n\(line)", width: 30).components(separatedBy: "\n") == [
        "Examples:", "  # why so", "  lethe x a/long/place \\", "      --prompt 'a fox --x' \\",
        "      --set one=1 two=22 \\", "      three=333",
      ])
  }
}
