import Attacks
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

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
        try model.options(.methods, for: names, over: ESD(), set: [Settings(settings)])
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
      #expect(try model.drawSubjects("styles=1,objects=2", seed: 3) == drawn)
      #expect(try model.drawSubjects("styles=1", seed: 3) == [drawn[2]])
      try FileManager.default.moveItem(
        at: model.file("themes.json"), to: folder.appendingPathComponent("themes.json"))
      #expect { try model.drawSubjects("2,1", seed: 3) } throws: {
        "\($0)".contains("has no themes.json") && "\($0)".contains("--concept")
      }
      try FileManager.default.moveItem(
        at: folder.appendingPathComponent("themes.json"), to: model.file("themes.json"))
      for counts in [
        "4,0", "1", "a,b", "-1,0", "objects=4", "objects=1,objects=1", "cats=1", "", "1,1,1",
        "styles=", "=1", "styles=1,",
      ] {
        #expect(throws: LetheError.self, "\(counts)") { try model.drawSubjects(counts, seed: 3) }
      }
    }
  }

  /// A copy in another folder has its judge, its options and itself, wherever it is moved; and so has a copy of the
  /// copy.
  @Test(arguments: ["judge", "../beside/own"]) func copiesCanBeMoved(_ place: String) throws {
    try Fixtures.temporaryFolder { folder in
      let (files, model) = (FileManager.default, try Tiny.model(folder.appendingPathComponent("m")))
      if place != "judge" {
        try Run.makeFolder(folder.appendingPathComponent("m/beside"))
        try files.moveItem(at: model.file("judge"), to: model.file(place).standardizedFileURL)
        var themes = try model.themes()
        themes.judge = place
        try Data(try JSON(encoding: themes).pretty.utf8).write(to: model.file("themes.json"))
      }
      try Data(#"{"esd": {"eta": 2}}"#.utf8).write(to: model.file("methods.json"))
      try Data(#"{"random": {"tokens": 2}}"#.utf8).write(to: model.file("attacks.json"))
      let hash = try model.judge().about.hash
      var copy = model
      for name in ["a", "b"] {
        let next = folder.appendingPathComponent(name)
        try Run.makeFolder(next)
        try copy.copyCompanions(to: next)
        let moved = folder.appendingPathComponent("moved/\(name)")
        try Run.makeFolder(moved.deletingLastPathComponent())
        try files.moveItem(at: next, to: moved)
        copy = ModelFolder(moved)
      }
      try files.removeItem(at: folder.appendingPathComponent("m"))
      try files.removeItem(at: folder.appendingPathComponent("moved/a"))
      #expect(try !copy.themes().judge.hasPrefix("/"))
      #expect(
        try copy.judge().about.hash == hash
          && copy.judge().name == (place == "judge" ? "judge" : "own"))
      let reference = try copy.judgeFolder().appendingPathComponent("reference.safetensors")
      #expect(files.fileExists(atPath: reference.path))
      let esd: ESD = try copy.options(.methods, for: ["esd"], over: ESD(), set: [])
      #expect(esd.eta == 2 && files.fileExists(atPath: copy.file("attacks.json").path))
    }
  }

  /// Entries that no method, pair or benchmark reads are named, with what is meant.
  @Test func strangeEntriesAreNamed() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try plain(folder)
      let (methods, attacks) = (MethodCatalog.builtIn, AttackCatalog.builtIn)
      #expect(try model.strangeMethods(in: methods) == nil)
      try Data(#"{"esd": {}, "meta-esd": {}, "esd-u-1": {}, "esdd": {}, "other": {}}"#.utf8)
        .write(to: model.file("methods.json"))
      let note = try #require(try model.strangeMethods(in: methods))
      #expect(note.hasSuffix("nothing reads 'esdd', did you mean 'esd'?; 'other'"), "\(note)")
      try Data(#"{"random": {}, "relern": {}}"#.utf8).write(to: model.file("attacks.json"))
      #expect(try model.strangeAttacks(in: attacks)?.contains("did you mean 'relearn'?") == true)
      // Those that come with the embedded model are all read.
      let emoji = ModelFolder(Fixtures.package.appendingPathComponent("Models/emoji"))
      #expect(
        try emoji.strangeMethods(in: methods) == nil && emoji.strangeAttacks(in: attacks) == nil)
      var notes: [String] = []
      let run = try Run(folder.appendingPathComponent("run"))
      run.onNote = { notes.append($0) }
      var job = Tiny.job(model, "uce", "fox")
      job.preserve = ["a cat"]
      try Erase(job, settings: [])(in: run, on: .cpu)
      // The model lists no subjects, and nothing says of which kind a fox is.
      #expect(
        notes.first?.hasPrefix("no --kind: 'fox' is taken for an object, and its name") == true)
      #expect(notes.dropFirst() == [note])
      notes = []
      job.wording = ConceptWording(kind: .object)
      #expect(try Erase(job, settings: []).notes() == [note])
    }
  }

  /// Shares and a judge are for commands that need them: subjects without them can be drawn, and judged by another.
  @Test func themesWithoutSharesAndJudge() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let text = """
        {"objects": ["fox", "cat"], "captions": {"both": ["{object}"], "object": ["{object}"]}}
        """
      try Data(text.utf8).write(to: model.file("themes.json"))
      let themes = try model.themes()
      #expect(themes.objects == ["fox", "cat"] && themes.styles.isEmpty && themes.judge.isEmpty)
      #expect { try model.judge() } throws: { "\($0)".contains("has no 'judge'") }
      #expect { try model.judgeSpec() } throws: { "\($0)".contains("clip:FOLDER") }
      let suite = try PromptSuite.themed(Tiny.job(model, "uce", "fox"), .quickly)
      #expect(suite.ofConcept.first?.prompt == "a fox")
      let copy = folder.appendingPathComponent("copy")
      try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
      try model.copyCompanions(to: copy)
      #expect(try ModelFolder(copy).themes() == themes)
      // A share that stands there is a share.
      try Data(
        text.replacing("{\"both\"", with: "{\"emptyShare\": 2, \"both\"").utf8
      ).write(to: model.file("themes.json"))
      #expect(throws: LetheError.self) { try model.themes() }
    }
  }
}
