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
