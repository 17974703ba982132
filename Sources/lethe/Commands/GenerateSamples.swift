import Diffusion
import Evaluation
import Foundation
import Torch
import Training
import Workbench
import Workflows

extension GenerateCommand {
  /// The pictures that are asked for, by --prompt and then by --prompts.
  /// - Throws: ``LetheError`` of the kind `request` for too many, or none
  func samples() throws -> (samples: [SampleSet.Sample], table: PromptTable?) {
    try Self.check(prompt.count, count)
    var samples: [SampleSet.Sample] = []
    var read: PromptTable?
    for (i, prompt) in prompt.enumerated() {
      for k in 0..<count {
        samples.append(.init("\(i)", k, prompt: prompt, seed: try self.seed(k, after: seed)))
      }
    }
    if prompts == "-" {
      let lines = try StandardInput.lines()
      try Self.check(lines.count, count)
      try Limit.check(prompts: lines)
      for (line, text) in lines.enumerated() {
        for k in 0..<count where !text.isEmpty {
          samples.append(.init("\(line)", k, prompt: text, seed: try self.seed(k, after: seed)))
        }
      }
    } else if let prompts {
      let table = try PromptTable(named: prompts)
      read = table
      if !common.isQuiet { table.notes.forEach { warn("\(prompts): \($0)") } }
      try Self.check(table.rows.count, count)
      for row in table.rows {
        for k in 0..<count {
          var sample = SampleSet.Sample(
            row.caseNumber, k, prompt: row.prompt, seed: try self.seed(k, after: row.seed))
          sample.guidance = row.guidance
          // Sizes on the command line win over the columns.
          (sample.width, sample.height) = (width ?? row.width, height ?? row.height)
          sample.erasers = row.erasers
          samples.append(sample)
        }
      }
    }
    guard !samples.isEmpty else {
      throw LetheError.badValue("generate", "no prompt is given; give --prompt or --prompts")
    }
    return (samples, read)
  }

  /// The seed of picture `k` of a prompt.
  /// - Throws: ``LetheError`` of the kind `request` beyond the last seed
  private func seed(_ k: Int, after first: UInt64) throws -> UInt64 {
    let (seed, isBeyond) = first.addingReportingOverflow(UInt64(k))
    guard !isBeyond else {
      throw LetheError.badValue(
        "--seed",
        "\(first) with \(count.counted("picture")) of a prompt; accepted: at most \(UInt64.max - UInt64(count - 1))"
      )
    }
    return seed
  }

  /// The list of so many pictures is read again as JSON of at most 64 MB.
  private static let pictures = Limit(200_000, "pictures")

  private static func check(_ prompts: Int, _ count: Int) throws {
    try pictures.check(prompts * count, "the request", .request)
  }

  func gridOf(_ axes: String, _ samples: [SampleSet.Sample]) throws -> GenerateGrid {
    guard prompts == nil || prompts == "-" else {
      throw LetheError.badValue(
        "--grid",
        "the rows of a CSV have seeds of their own; give prompts with --prompt or '--prompts -'")
    }
    let strengths = strengths ?? "0,0.5,1"
    let numbers = strengths.split(separator: ",").map { Double($0) }
    let values = numbers.compactMap(\.self).filter(\.isFinite)
    guard !values.isEmpty, values.count == numbers.count, Set(values).count == values.count else {
      throw LetheError.badValue(
        "--strengths", "'\(strengths)'; accepted: different numbers, e.g. 0,0.5,1")
    }
    var grid = try GenerateGrid(
      axes, prompts: samples.map(\.prompt).unique,
      seeds: (0..<count).map { try seed($0, after: seed) }, strengths: values)
    grid.command = ["lethe"] + CommandLine.arguments.dropFirst()
    return grid
  }
}
