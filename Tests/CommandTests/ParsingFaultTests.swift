// Sentences on command lines that the parser does not take.
import ArgumentParser
import Reports
import Testing
import Torch

@testable import LetheCommands

@Suite struct ParsingFaultTests {
  private func fault(_ words: [String]) -> String {
    do {
      _ = try Lethe.parseAsRoot(words)
      return "taken"
    } catch {
      #expect(Lethe.exitCode(for: error) == .validationFailure)
      return ParsingFault(error, words).sentence
    }
  }

  @Test(arguments: [
    (
      ["evalute", "runs/x"],
      "unknown command 'evalute'; did you mean 'evaluate'? known: pull, show,"
    ),
    (
      ["erase", "Models/emoji", "--concpt", "fox"],
      "unknown option '--concpt' of `lethe erase`; did you mean '--concept'? `lethe erase --help` has all options"
    ),
    (
      ["eraser", "ad", "set"],
      "unknown command of `lethe eraser` 'ad'; did you mean 'add'? known: init,"
    ),
    (["bench", "metods"], "unknown command of `lethe bench` 'metods'; did you mean 'methods'?"),
    (
      ["bench", "m", "--concpt", "fox"],
      "unknown option '--concpt' of `lethe bench`; did you mean '--concept'?"
    ),
    (["generate", "m", "-x"], "unknown option '-x' of `lethe generate`; `lethe generate --help`"),
    (
      ["generate", "m", "--prompt"],
      "--prompt needs a value (prompt of a picture); `lethe generate --help` has all options"
    ),
    (
      ["generate", "m", "--prompt", "a", "--out", "o", "--steps", "x"],
      "--steps does not take 'x' (number of denoising steps, 1 to 1000); `lethe"
    ),
    (
      ["generate", "m", "--prompt", "a"],
      "`lethe generate` needs --out <out> (folder for the pictures"
    ),
    (
      ["erase", "m", "--method", "esd", "--out", "o"],
      "`lethe erase` needs --concept <concept> ... (concept to forget: an object or style"
    ),
    (
      ["list", "metods"],
      "<catalog> does not take 'metods' (catalog: methods,"
    ),
    (
      ["show", "a", "b"],
      "'b' is one word too many: `lethe show` takes one <file>; words that belong together stand in quotes;"
    ),
    (
      ["show", "a", "Sources"],
      "'Sources' is one word too many: `lethe show` takes one <file>; `lethe"
    ),
    (["doctor", "a", "b", "c"], "'b', 'c' are 2 words too many: `lethe doctor` takes one <"),
    (
      ["erase", "m", "--method", "esd", "--concept", "van", "Gogh", "x", "--out", "o"],
      "'Gogh', 'x' are 2 words too many: `lethe erase` takes one <model>; words that belong together stand in quotes"
    ),
    (["generate", "m", "--overwrite=yes"], "--overwrite: it takes no value, and 'yes' is given"),
    (
      ["launch", "-n", "2", "evaluate", "runs/x", "--judge", "own:j"],
      "`lethe launch` takes a command after two dashes; accepted: lethe launch -n 2 -- evaluate runs/x --judge own:j"
    ),
  ]) func theWordAndTheNearestOneAreTold(_ words: [String], _ start: String) {
    let sentence = fault(words)
    #expect(sentence.hasPrefix(start), "\(sentence)")
    #expect(!sentence.contains("\n"))
  }

  /// A misspelled option comes before what is missing because of it.
  @Test func theMisspelledOptionComesFirst() {
    #expect(fault(["erase", "m", "--metod", "esd"]).contains("did you mean '--method'?"))
    #expect(fault(["erase", "m", "--metod=esd"]).hasPrefix("unknown option '--metod'"))
    #expect(
      fault(["generate", "m", "--prompt", "a", "--out", "o", "--seed", "-1"]).hasPrefix("--seed"))
  }

  /// An option that counts once is not taken twice, with the last one's value.
  @Test func optionsThatStandTwice() {
    func fault(_ words: String...) -> String? {
      ParsingFault.mayRepeat(words) ? ParsingFault(words, "").repeated : nil
    }
    #expect(
      fault("erase", "m", "--out", "a", "--out=b") == "--out: it is given 2 times; accepted: once")
    #expect(fault("bench", "m", "--seed", "1", "--seed", "2")?.hasPrefix("--seed: ") == true)
    #expect(fault("erase", "m", "--concept", "a", "--concept", "b", "-q", "-q") == nil)
    #expect(fault("launch", "-n", "2", "--", "erase", "--out", "a", "--out", "b") == nil)
  }

  @Test func linesOfAValueStandBelowEachOther() {
    let shown = ShowCommand.table([("parameters", "a fox\nSteps: 2\u{1B}[2J")]).plain
    let indent = String(repeating: " ", count: 12)
    #expect(shown == "parameters  a fox\n\(indent)Steps: 2\\u{1B}[2J\n")
    // JSON has a line for each value, by its path; long lines are cut between words, and a hash stays whole.
    let options = ShowCommand.table([
      ("parameters", "x"), ("options", #"{"training":{"steps":3,"rate":0.5},"keep":["a"]}"#),
    ]).plain
    #expect(
      options
        == "parameters  x\noptions     keep=[\"a\"]\n\(indent)training.rate=0.5\n\(indent)training.steps=3\n"
    )
    let hash = String(repeating: "a", count: 64)
    let long = ShowCommand.table([
      ("parameters", ""),
      ("base", "\(hash) \(Array(repeating: "word", count: 20).joined(separator: " "))"),
    ]).plain
    let lines = long.split(separator: "\n").dropFirst().map(String.init)
    #expect(lines[0] == "base        \(hash)" && lines.count == 3)
    #expect(lines.allSatisfy { $0.count <= 80 } && lines[1].hasPrefix(indent + "word"))
  }
}
