import Diffusion
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Reports

@Suite struct ResultsPageTests {
  @Test func quickRunsAreMarked() throws {
    var results = Results(.attack)
    results.quick = true
    results.rows = [
      ResultRow("esd", "fox", .share("pre-asr", 0, of: 4), seeds: 1),
      ResultRow("esd", "fox", .share("asr", 1, of: 4), seeds: 1) { $0.attack = "p4d" },
    ]
    let content = try ResultsPage.content(of: results, in: .nowhere)
    #expect(content.warning.contains("quick") && content.markdown.contains("(quick)"))
    #expect(content.markdown.contains("| p4d (asr) | 25.0 % [4.6, 69.9] | 4 |"))
    #expect(content.markdown.contains("| erased (pre-asr) | 0.0 % [0.0, 49.0] | 4 |"))
  }

  /// One fine-tuning has no standard error: its share has its count and its prompts' interval.
  @Test(arguments: [1, 2]) func fineTuningsSayTheirCount(_ seeds: Int) throws {
    var results = Results(.relearning)
    for (step, hits) in [(0, 0), (300, 3)] {
      let mean = MeasuredValue(
        "success", Double(hits) / 6, .share, n: 6,
        .standardError([Double](repeating: Double(hits) / 6, count: seeds)))
      results.rows.append(
        ResultRow("esd", "fox", mean, seeds: seeds) { ($0.trainedOn, $0.step) = (.concept, step) })
      results.rows += (1...seeds).map { seed in
        ResultRow("esd", "fox", .share("success", hits, of: 6), seeds: 1) {
          ($0.trainedOn, $0.step, $0.seed) = (.concept, step, seed)
        }
      }
    }
    // Repeated fine-tunings share their prompts, and the interval is that of so many.
    let share = "50 % [19, 81] of " + (seeds == 1 ? "6 prompts" : "12 pictures of 6 prompts")
    #expect(
      RelearningPage.verdict(results)?.lines == [
        "fox comes back: after 300 steps of fine-tuning on fox, \(share) show it; before, 0 % [0, 39]."
      ])
    let page = try ResultsPage.content(of: results, in: .nowhere)
    #expect(
      page.markdown.contains(
        "fox comes back: after 300 steps of fine-tuning on fox, \(share) show it"),
      "\(page.markdown)")
    // None of few pictures is too few, and so is one more than before.
    for (before, after, words) in [
      (
        0, 0,
        "0 % [0, 39] of 6 prompts show it, too few to say that it stays away; before, 0 % [0, 39]."
      ),
      (
        1, 2,
        "33 % [10, 70] of 6 prompts show it, too few to say that this is more than before; before, 17 % [3, 56]."
      ),
    ] {
      var few = Results(.relearning)
      few.rows = [(0, before), (300, after)].map { step, hits in
        ResultRow("esd", "fox", .share("success", hits, of: 6), seeds: 1) {
          ($0.trainedOn, $0.step, $0.seed) = (.concept, step, 1)
        }
      }
      let line = RelearningPage.verdict(few)?.lines.first ?? ""
      #expect(line.hasSuffix(words), "\(line)")
    }
    #expect(page.markdown.contains(seeds == 1 ? "50.0 % [18.8, 81.2]" : "50.0 ± 0.0 %"))
    #expect(
      page.markdown.contains("± standard error over 2 fine-tunings, 6 prompts each") == (seeds == 2)
    )
    #expect(!page.markdown.contains("seed(s)"))
  }

  /// An attack without options sets none.
  @Test func emptySettingsAreLeftOut() {
    let settings = [
      OptionSource("none.", [:], "--set"), OptionSource("random.attempts", 3, "default"),
    ]
    let facts = ResultsPage.settings(settings)
    #expect(
      facts.map(\.title) == ["Settings (default)"] && facts.map(\.value) == ["random.attempts=3"])
  }

  /// The rule of intervals is told in full where prompts have several pictures.
  @Test func intervalsOfPromptsAreTold() throws {
    let prompts = (0..<15).map { "p\($0 / 3)" }
    let share = ClusterBootstrap(prompts).share("asr", (0..<15).map { $0 > 1 })
    let rule = try #require(Definitions.intervals([ResultRow("esd", "fox", share, seeds: 3)]))
    #expect(rule.contains("the outer one of two") && rule.contains("as there are prompts."))
    let single = ResultRow("esd", "fox", .share("asr", 3, of: 15), seeds: 1)
    #expect(Definitions.intervals([single]) == "Intervals, 95 %: Wilson's for shares.")
  }

  /// Results of an unknown kind keep it and have the page of measures by subject and method.
  @Test func aKindFromOutsideHasAPage() throws {
    var results = Results(Results.Kind(rawValue: "bench brightness"))
    results.rows = [ResultRow("esd", "fox", .share("dark", 1, of: 4), seeds: 1)]
    let read: Results = try JSON(encoding: results).decoded()
    #expect(read == results && read.kind?.rawValue == "bench brightness")
    let page = try ResultsPage.content(of: read, in: .nowhere)
    #expect(page.markdown.contains("| fox | esd | 25.0 % [4.6, 69.9] | 4 |"))
  }

  /// A page of a stranger's results embeds pictures of their folder and no other file.
  @Test(arguments: ["../secret.png", "link.png", "text.png", "out/secret.png"])
  func pagesEmbedPicturesOfTheirFolder(_ file: String) throws {
    try Fixtures.temporaryFolder { folder in
      let own = folder.appendingPathComponent("own")
      try Run.makeFolder(own)
      let picture = Image(width: 1, height: 1, pixels: [1, 2, 3])
      try PNG.write(picture, to: folder.appendingPathComponent("secret.png"))
      try PNG.write(picture, to: own.appendingPathComponent("own.png"))
      try Data("root:x:0".utf8).write(to: own.appendingPathComponent("text.png"))
      for (name, target) in ["link.png": "../secret.png", "out": ".."] {
        try FileManager.default.createSymbolicLink(
          atPath: own.appendingPathComponent(name).path, withDestinationPath: target)
      }
      func page(_ file: String) throws -> ReportContent {
        var results = Results(.attack)
        results.rows = [ResultRow("m", "x", .share("asr", 1, of: 1), seeds: 1) { $0.attack = "a" }]
        results.pictures = [ResultPicture(file, "original", "x", prompt: "p", caption: "c")]
        return try ResultsPage.content(of: results, in: own)
      }
      #expect(try page("own.png").html().contains("data:image/png;base64,"))
      let error = #expect(throws: LetheError.self) { try page(file) }
      #expect(error?.kind == .model)
    }
  }
}
