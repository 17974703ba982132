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
}
