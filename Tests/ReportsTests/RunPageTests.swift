import Diffusion
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Reports

@Suite struct RunPageTests {
  /// The page of a run does so too, of the pictures that its manifests name.
  @Test func runPagesEmbedPicturesOfTheRun() throws {
    try Fixtures.temporaryFolder { folder in
      let secret = folder.appendingPathComponent("secret.png")
      try PNG.write(Image(width: 1, height: 1, pixels: [1, 2, 3]), to: secret)
      let run = folder.appendingPathComponent("run")
      let sample = SampleSet.Sample(
        "fox", 0, prompt: "a fox", seed: 1, subjects: ["object": "fox"])
      for name in ["original", "erased"] {
        let set = try SampleSet.create(
          run.appendingPathComponent(name),
          .init(sampling: .init(), model: "m", erasers: [], samples: [sample]))
        try FileManager.default.createSymbolicLink(
          at: set.folder.appendingPathComponent(sample.file), withDestinationURL: secret)
      }
      var page = RunPage(run)
      page.gone = ["fox"]
      #expect(throws: LetheError.self) { try page.content }
    }
  }

  /// A judge's abstention stands among the measures that matter, worse where more pictures are unlike every real one.
  @Test func unrecognisedPicturesStandInTheTable() throws {
    try Fixtures.temporaryFolder { folder in
      var results = Results(.evaluation)
      results.rows = [("original", 1), ("uce", 30)].map { method, count in
        ResultRow(method, "fox", .share("unrecognised", count, of: 40), seeds: 1)
      }
      var page = RunPage(folder)
      (page.results, page.gone) = (results, ["fox"])
      let row = try #require(try page.content.metrics.first { $0.name == "unrecognised" })
      #expect(row.verdict == "hurt" && row.direction == "↓" && row.delta.hasPrefix("+72.5 points"))
      #expect(row.delta.hasSuffix("Newcombe"))
      #expect(row.title == "Pictures unlike every real one")
      for (judge, known) in [
        ("own", "every real picture's"), ("clip", "picture of the original's"),
      ] {
        page.results?.judges = [
          JudgeRecord(JudgeSpec(judge, "x"), JudgeDescription("x", judge), nil)
        ]
        let content = try page.content
        let own = content.definitions.filter { $0.hasPrefix("unrecognised: ") }
        #expect(own.count == 1 && own[0].contains(known), "\(own)")
        let title = content.metrics.first { $0.name == "unrecognised" }?.title
        #expect(title?.hasSuffix("unlike every picture of the original") == (judge == "clip"))
        let legend = Definitions.legend(["unrecognised"], page.results)
        #expect(legend.contains("unlike every picture of the original") == (judge == "clip"))
        #expect(legend.contains("unlike every real one") == (judge == "own"))
      }
    }
  }

  /// The verdict and the table give one change with one interval: the paired one, where there is one.
  @Test func aChangeHasOneInterval() throws {
    try Fixtures.temporaryFolder { folder in
      var results = Results(.evaluation)
      func add(_ method: String, _ metric: String, _ value: Double, _ interval: Interval? = nil) {
        let own = MeasuredValue.share(metric, Int(value * 40), of: 40)
        let measured =
          interval.map { MeasuredValue(metric, value, .share, n: 40, $0) } ?? own
        results.rows.append(ResultRow(method, "fox", measured, seeds: 1))
      }
      for (method, ua, ira, cra) in [("original", 0.0, 0.95, 0.95), ("esd", 1, 0.9, 0.85)] {
        for (metric, value) in [("ua", ua), ("ira", ira), ("cra", cra)] {
          add(method, metric, value)
        }
      }
      for (metric, value) in [
        ("shown", 0.0), ("shown-original", 1), ("kept", 0.9), ("kept-original", 0.95),
      ] {
        add("esd", metric, value)
      }
      add("esd", "shown-change", -1, Interval(-1, -0.9, .clusters95))
      add("esd", "kept-change", -0.05, Interval(-0.11, 0.01, .clusters95))
      var page = RunPage(folder)
      (page.results, page.gone) = (results, ["fox"])
      let content = try page.content
      let deltas = Dictionary(uniqueKeysWithValues: content.metrics.map { ($0.name, $0.delta) })
      #expect(deltas["ira"] == "-5.0 points [-11.0, 1.0] paired")
      #expect(deltas["ua"] == "+100.0 points [90.0, 100.0] paired")
      #expect(deltas["cra"]?.hasSuffix("Newcombe") == true)
      #expect(
        content.verdict?.sentence.contains("-5 points (paired 95 % interval -11 to +1)") == true)
      #expect(content.metrics.first { $0.name == "ira" }?.verdict == "even")
      #expect(content.metrics.first { $0.name == "ua" }?.verdict == "good")
    }
  }
}
