import ArgumentParser
import Torch

/// The prompts of a command that may take fewer than all. In version 0.1 `--prompts` was their number.
struct PromptFile: ParsableArguments {
  @Option(
    help:
      "CSV file of prompts, or a suite of `lethe list prompts`, in the place of the built-in ones.",
    completion: .file(extensions: ["csv"]))
  var prompts: String?

  private var number: Int? { prompts.flatMap { Int($0) } }

  /// The file or the suite.
  var file: String? { number == nil ? prompts : nil }

  /// The number of prompts, by `--limit` or the former spelling.
  /// - Throws: ``LetheError`` of the kind `request` for a number below 1
  func limit(_ given: Int?) throws -> Int? {
    if number != nil { PromptLimit.notesFormer() }
    return try PromptLimit.accepted(given ?? number)
  }
}

/// The number of prompts of each concept in a benchmark.
struct PromptLimit: ParsableArguments {
  @Option(help: "Number of prompts of each concept, at least 1.")
  var limit: Int?
  @Option(help: .hidden)
  var prompts: Int?

  /// - Throws: ``LetheError`` of the kind `request` for a number below 1
  func number(usual: Int) throws -> Int {
    if prompts != nil { Self.notesFormer() }
    return try Self.accepted(limit ?? prompts) ?? usual
  }

  fileprivate static func notesFormer() {
    CommonOptions.former("--prompts NUMBER", "--limit NUMBER")
  }

  fileprivate static func accepted(_ number: Int?) throws -> Int? {
    try accept("--limit", number, .whole(1...1_000_000))
    return number
  }
}
