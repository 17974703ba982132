import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite struct NamedPlaceTests {
  @Test func theNearestNameIsTold() throws {
    try Fixtures.temporaryFolder { folder in
      let root = folder.path
      for name in ["Models/emoji", "Models/animals", "runs/demo", ".hidden"] {
        try FileManager.default.createDirectory(
          atPath: "\(root)/\(name)", withIntermediateDirectories: true)
      }
      try Data("x".utf8).write(to: folder.appendingPathComponent("runs/list.csv"))
      #expect(NamedPlace.nearest(to: "\(root)/Models/emojy") == "\(root)/Models/emoji")
      #expect(NamedPlace.nearest(to: "\(root)/runs/demoo/") == "\(root)/runs/demo")
      #expect(NamedPlace.nearest(to: "\(root)/Model/emoji") == "\(root)/Models/emoji")
      #expect(NamedPlace.nearest(to: "\(root)/models/Emoij") == "\(root)/Models/emoji")
      #expect(NamedPlace.nearest(to: "\(root)/Models/horse") == nil)
      #expect(NamedPlace.nearest(to: "\(root)/hidden") == nil)

      func sentence(_ work: () throws -> Void) -> String {
        let error = #expect(throws: LetheError.self) { try work() }
        #expect(error?.kind == .request)
        return error?.sentence ?? ""
      }
      #expect(
        sentence { try NamedPlace.requireFolder("\(root)/runs/demoo", "a run") }
          == "there is no folder \(root)/runs/demoo; did you mean '\(root)/runs/demo'? accepted: a run"
      )
      #expect(
        sentence { try NamedPlace.requireFolder("\(root)/runs/list.csv", option: "--out", "a run") }
          == "--out: \(root)/runs/list.csv is a text, no folder; accepted: a run")
      #expect(
        sentence { try NamedPlace.requireFile("\(root)/runs/lists.csv", "--prompts", "a CSV") }
          == "--prompts: there is no file \(root)/runs/lists.csv; did you mean '\(root)/runs/list.csv'? "
          + "accepted: a CSV")
      #expect(
        sentence { try NamedPlace.requireFile("\(root)/runs", "--prompts", "a CSV") }
          .contains("is a folder; accepted: a CSV"))
      #expect(throws: Never.self) {
        try NamedPlace.requireFile("\(root)/runs/list.csv", "--prompts", "a CSV")
        try NamedPlace.requireFolder("\(root)/runs", "a run")
      }
    }
  }
}
