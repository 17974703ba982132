import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning

@testable import Workbench

@Suite struct ModelFolderTests {
  private func plain(_ folder: URL) throws -> ModelFolder {
    let url = folder.appendingPathComponent("plain")
    try FileManager.default.copyItem(at: Fixtures.url("tiny-sd1"), to: url)
    return ModelFolder(url)
  }

  @Test func aPlainModelHasNoSubjectsAndOneSentenceForIt() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try plain(folder)
      #expect(try model.isModel && model.listedThemes() == nil)
      let sentences = try [
        #require(throws: LetheError.self) { try model.themes() },
        #require(throws: LetheError.self) { try model.judge() },
        #require(throws: LetheError.self) {
          try Evaluate(Tiny.job(model, "esd", "fox"), EvaluationOptions())
        },
        #require(throws: LetheError.self) {
          try AttackRun(Tiny.job(model, "esd", "fox"), [], EvaluationOptions())
        },
      ]
      #expect(Set(sentences).count == 1 && sentences[0].kind == .model)
      #expect(sentences[0].sentence.contains("has no themes.json"))
    }
  }

  /// Defaults, then the file's entries in order, then the settings.
  @Test func optionsAreLaidInOrder() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try plain(folder)
      let json = "{\"esd\": {\"eta\": 2, \"training\": {\"steps\": 7}}, \"esd-u\": {\"eta\": 3}}"
      try Data(json.utf8).write(to: model.file("methods.json"))
      func esd(_ names: [String], _ settings: [String] = []) throws -> ESD {
        try model.options(.methods, for: names, over: ESD(), set: settings)
      }
      #expect(try esd([]).eta == ESD().eta)
      #expect(try esd(["esd"]).eta == 2 && esd(["esd"]).training.steps == 7)
      #expect(try esd(["esd", "esd-u"]).eta == 3 && esd(["esd", "esd-u"]).training.steps == 7)
      #expect(try esd(["esd", "esd-u"], ["eta=4"]).eta == 4)
      try Data("{\"esd\": {\"etaa\": 2}}".utf8).write(to: model.file("methods.json"))
      let error = try #require(throws: LetheError.self) { try esd(["esd"]) }
      #expect(error.sentence.contains("methods.json, esd: unknown key 'etaa'"))
    }
  }

  @Test func subjectsAreDrawnBySeed() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let drawn = try model.drawSubjects("2,1", seed: 3)
      #expect(drawn.count == 3 && drawn[2].hasSuffix(" style") && Set(drawn).count == 3)
      #expect(try model.drawSubjects("2,1", seed: 3) == drawn)
      for counts in ["4,0", "1", "a,b", "-1,0"] {
        #expect(throws: LetheError.self, "\(counts)") { try model.drawSubjects(counts, seed: 3) }
      }
    }
  }

  /// A copy in another folder finds the judge of the first model, and so does a copy of the copy.
  @Test func copiesKeepTheJudge() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let place = try model.judgeFolder().standardizedFileURL
      var copy = model
      for name in ["a", "b"] {
        let next = ModelFolder(folder.appendingPathComponent(name))
        try Run.makeFolder(next.url)
        try copy.copyThemes(to: next.url)
        #expect(try next.judgeFolder().standardizedFileURL == place)
        copy = next
      }
    }
  }
}
