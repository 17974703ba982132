// Concepts on which a model's settings were chosen are no test of them.
import Diffusion
import Evaluation
import Foundation
import Reports
import TestSupport
import Testing
import Torch
import Training
import Workbench
import WorkbenchSupport
import Workflows

@testable import Benchmarks

@Suite struct DevelopmentConceptsTests {
  static func model(_ folder: URL, _ development: String) throws -> ModelFolder {
    let model = try Tiny.model(folder)
    try Data("{\"development\": \(development)}".utf8).write(to: model.file("methods.json"))
    return model
  }

  @Test func theyAreReadAndNotDrawn() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Self.model(folder, #"["fox", "noto style"]"#)
      #expect(try model.developmentConcepts() == ["fox", "noto"])
      for seed in 0..<4 as Range<UInt64> {
        var options = BenchmarkOptions(model)
        options.seed = seed
        let drawn = try model.drawSubjects("2,1", seed: seed, without: options.development())
        #expect(Set(drawn) == ["cat", "owl", "symbola style"])
        options.countsDevelopment = true
        #expect(try options.development().isEmpty)
      }
      #expect {
        try model.drawSubjects("3,1", seed: 0, without: model.developmentConcepts())
      } throws: {
        "\($0)".contains("N at most 2") && "\($0)".contains("apart from its development")
      }
      try Data(#"{"development": ["Owl"]}"#.utf8).write(to: model.file("attacks.json"))
      #expect(try model.developmentConcepts().contains("owl"))
      try Data(#"{"development": ["foks"]}"#.utf8).write(to: model.file("attacks.json"))
      #expect { try model.developmentConcepts() } throws: {
        "\($0)".contains("does not list; did you mean 'fox'?")
      }
      try Data(#"{"development": "fox"}"#.utf8).write(to: model.file("attacks.json"))
      #expect { try model.developmentConcepts() } throws: {
        "\($0)".contains("'development' is \"fox\"; accepted: a list")
      }
    }
  }

  /// Their rows are in tables of their own, and in no other.
  @Test func theyAreShownApart() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Self.model(folder, #"["fox", "noto"]"#)
      func bench(_ concepts: [String], counted: Bool = false) throws -> (Results, [String]) {
        var options = try Tiny.benchmark(model)
        options.countsDevelopment = counted
        let run = try Run(folder.appendingPathComponent("\(concepts.count) \(counted)"))
        let results = try Tiny.runner()(
          MethodBenchmark(options, methods: ["uce"], concepts: concepts), in: run, on: .cpu)
        let page = try ResultsPage.content(of: results, in: run.folder).markdown
        return (results, page.components(separatedBy: "Development concepts"))
      }
      let (results, parts) = try bench(["fox", "cat"])
      #expect(results.development == ["fox"])
      #expect(Set(results.rows.map(\.subject)) == ["fox", "cat"])
      #expect(Set(results.counted.tested.rows.map(\.subject)) == ["cat"])
      let apart = parts.dropFirst().joined()
      #expect(parts[0].contains("| cat | uce |") && !parts[0].contains("| fox |"))
      #expect(apart.contains("| fox | uce |") && !apart.contains("| cat |"))
      let counted = try bench(["fox", "cat"], counted: true)
      #expect(counted.0.development.isEmpty && counted.1.count == 1)
      // A benchmark of such a concept alone says so.
      let alone = try bench(["fox"])
      #expect(alone.1.count == 1 && alone.1[0].contains("no test of the settings"))
      // A row calls a style by its name and the word.
      let (styled, tables) = try bench(["noto style", "cat", "owl"])
      #expect(styled.development == ["noto style"] && tables.count > 1)
      #expect(!styled.counted.tested.rows.contains { $0.subject == "noto style" })
    }
  }

  /// A page that has a column for each attack has it for development concepts too, and averages no two attacks.
  @Test func attacksStayApart() throws {
    var results = Results(.benchRobustness)
    results.development = ["fox"]
    for (subject, attack, value) in [
      ("fox", "random", 0.25), ("fox", "seeds", 0.75), ("cat", "random", 0.5), ("cat", "seeds", 1),
    ] {
      for metric in ["asr", "pre-asr"] {
        results.rows.append(
          ResultRow("esd", subject, .share(metric, Int(value * 8), of: 8), seeds: 1) {
            if metric == "asr" { $0.attack = attack }
          })
      }
    }
    let page = try ResultsPage.content(
      of: results, in: URL(fileURLWithPath: "/"), metrics: .builtIn
    ).markdown
    let parts = page.components(separatedBy: "Development concepts")
    let apart = parts.dropFirst().joined()
    #expect(apart.contains("25.0") && apart.contains("75.0") && !apart.contains("100.0 ["))
    #expect(!parts[0].contains("25.0 ["), "\(parts[0])")
  }
}
