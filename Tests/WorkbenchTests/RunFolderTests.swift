import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct RunFolderTests {
  /// The eraser's file was increment.safetensors in version 0.1.
  @Test func findsTheEraserOfBothVersions() throws {
    try Fixtures.temporaryFolder { folder in
      let run = RunFolder(folder)
      #expect(!run.hasEraser && run.eraserFile.lastPathComponent == "eraser.safetensors")
      try Eraser(.init(), .zero).write(to: run.file("increment.safetensors"))
      #expect(run.hasEraser && run.eraserFile.lastPathComponent == "increment.safetensors")
      try Eraser(.init(), .zero).write(to: run.file("eraser.safetensors"))
      #expect(run.eraserFile.lastPathComponent == "eraser.safetensors")
      #expect(try RunFolder.eraser(at: folder.path).card == Eraser.Card())
      // The old name in a command leads to the new file.
      try FileManager.default.removeItem(at: run.file("increment.safetensors"))
      #expect(
        try RunFolder.eraser(at: run.file("increment.safetensors").path).card == Eraser.Card())
      #expect(try RunFolder.eraser(at: run.eraserFile.path).card == Eraser.Card())
    }
  }

  /// A link out of a stranger's folder is not followed, and neither is a name that leads out.
  @Test(arguments: ["results.json", "attack", "erased"]) func linksThatLeadOut(_ name: String)
    throws
  {
    try Fixtures.temporaryFolder { folder in
      let (files, run) = (FileManager.default, RunFolder(folder.appendingPathComponent("run")))
      let other = RunFolder(folder.appendingPathComponent("other"))
      for place in [run.url, other.file("attack"), other.file("erased")] {
        try Run.makeFolder(place)
      }
      try run.write(EraseJob(), to: "job.json")
      let place = other.file(name == "erased" ? "erased/manifest.json" : name)
      if name != "attack" { try Data("secret".utf8).write(to: place) }
      try files.createSymbolicLink(at: run.file(name), withDestinationURL: other.file(name))
      let error = #expect(throws: LetheError.self) { try WriteReport(run)() }
      #expect(error?.sentence.contains("a link that leads out") == true, "\(error?.sentence ?? "")")
      #expect(error?.sentence.contains("secret") == false)
      // A file in the place of the folder is a wrong request, and stays.
      if name == "results.json" {
        let error = #expect(throws: LetheError.self) { try WriteReport(RunFolder(place))() }
        #expect(error?.kind == .request && files.fileExists(atPath: place.path))
      }
      #expect(throws: LetheError.self) { try run.own("../other/attack") }
      #expect(throws: Never.self) { try run.own("erased-too/a.png") }
    }
  }

  @Test func filesBelongToOneIdentity() throws {
    try Fixtures.temporaryFolder { folder in
      let run = RunFolder(folder)
      try run.claim("nested.json", for: ["training": ["steps": 1]], "relearn")
      try run.claim("nested.json", for: ["training": ["steps": 1, "more": 2]], "relearn")
      let nested = #expect(throws: LetheError.self) {
        try run.claim("nested.json", for: ["training": ["steps": 1, "more": 3]], "relearn")
      }
      #expect(nested?.sentence.contains("'training.more' was 2 and is 3") == true)
      try run.claim("options.json", for: ["seed": 1, "threshold": .number(0)], "attack")
      try run.refuseOther("options.json", than: ["seed": 1, "threshold": .number(0)], "attack")
      let error = #expect(throws: LetheError.self) {
        try run.claim("options.json", for: ["seed": 2, "threshold": .number(0)], "attack")
      }
      #expect(error?.kind == .request && error?.sentence.hasPrefix("attack: ") == true)
      #expect(error?.sentence.contains("--seed was 1 and is 2;") == true)
    }
  }

  /// The option that differs is named as the command line has it, with both values.
  @Test func differencesNameTheirOption() throws {
    let hash = String(repeating: "a", count: 64)
    let cases: [(file: String, old: JSON, new: JSON, words: String)] = [
      (
        "options", ["tuning": ["training": ["steps": 300]]],
        ["tuning": ["training": ["steps": 40]]],
        "--tuning-steps was 300 and is 40"
      ),
      (
        "options", ["tuning": ["mode": "full"]], ["tuning": ["mode": "lora"]],
        "--mode was full and is lora"
      ),
      (
        "options", ["sampling": ["steps": 25]], ["sampling": ["steps": 5]],
        "--sampling-steps was 25 and is 5"
      ),
      ("options", ["prompts": 10], ["prompts": 6], "--limit was 10 and is 6"),
      (
        "random", ["options": ["tokens": 5]], ["options": ["tokens": 2]],
        "--set random.tokens was 5 and is 2"
      ),
      (
        "random", ["sampling": ["steps": 25]], ["sampling": ["steps": 5]], "--steps was 25 and is 5"
      ),
      ("random", ["samples": [1, 2]], ["samples": [1]], "the pictures were 2 and are 1 (--limit"),
      ("random", ["threshold": 0], ["threshold": 0.5], "--threshold was 0 and is 0.5"),
      (
        "random", ["judge": .string(hash), "seed": 3], ["judge": "b", "seed": 3],
        "the judge is another (--judge), aaaaaaaaaaaa before and b now"
      ),
      // An option stands before what follows from it.
      ("random", ["base": "a", "seed": 1], ["base": "b", "seed": 2], "--seed was 1 and is 2"),
    ]
    for (file, old, new, words) in cases {
      let found = try #require(ClaimDifference(old, new), "\(words)").words(file)
      #expect(found.hasPrefix(words), "\(found)")
    }
    // Records of older versions have fewer members.
    #expect(ClaimDifference(["seed": 1], ["seed": 1, "more": 2]) == nil)
  }

  /// Version 0.1 wrote the verdict into its log alone.
  @Test func readsTheVerdictOfBothVersions() throws {
    try Fixtures.temporaryFolder { folder in
      let (run, log) = (RunFolder(folder), try Run(folder))
      #expect(try run.verdict() == .keptWhole)
      for (step, drift) in [(25, 0.1), (50, 0.75)] {
        try log.record([
          "stage": "guard", "step": .int(step), "drift": .number(drift), "limit": 0.5,
        ])
      }
      #expect(try run.verdict() == .keptWhole)
      try log.record(["stage": "guard", "collapsed": true, "message": "stopped"])
      let stopped = Verdict.stopped(.init(step: 50, kept: 25, drift: 0.75, limit: 0.5))
      #expect(try run.verdict() == stopped)
      try run.write(Verdict.keptWhole, to: "verdict.json")
      #expect(try run.verdict() == .keptWhole)
    }
  }

  @Test func aFolderWithoutAJobSaysSo() throws {
    try Fixtures.temporaryFolder { folder in
      func sentence(_ place: URL) -> String {
        let error = #expect(throws: LetheError.self) { try RunFolder(place).job() }
        #expect(error?.kind == .request)
        return error?.sentence ?? ""
      }
      func place(_ name: String) -> URL { folder.appendingPathComponent(name) }
      #expect(
        sentence(folder).contains("is no run: it has no job.json; accepted: the folder of a run"))
      #expect(sentence(place("none")).contains("there is no folder"))
      let file = place("file")
      try Data("x".utf8).write(to: file)
      #expect(sentence(file).contains("is a text, no folder"))
      // A folder of runs names them, and a model leads to the commands that make a run of it.
      for name in ["a", "b"] {
        try Run.makeFolder(place("runs/\(name)"))
        try RunFolder(place("runs/\(name)")).write(EraseJob(), to: "job.json")
      }
      #expect(sentence(place("runs")).contains("is a folder of 2 runs ("))
      #expect(sentence(place("runs")).contains("runs/a, "))
      let shown = #expect(throws: LetheError.self) { try Show(place("runs").path)() }
      #expect(shown?.sentence.contains("runs/b), of which one is needed") == true)
      let model = sentence(try Tiny.model(folder).url)
      #expect(model.contains("is a model and no run; accepted"))
      #expect(model.contains("`lethe erase ") && model.contains(" --with ERASER --out RUN`"))
      // An eraser is named by its file or its run.
      for (name, part) in [
        ("none", "--with: there is no file"), ("runs/a", "has no eraser yet"),
        ("model", "has no eraser.safetensors"),
      ] {
        let error = #expect(throws: LetheError.self) { try RunFolder.eraser(at: place(name).path) }
        #expect(error?.kind == .request && error?.sentence.contains(part) == true, "\(name)")
      }
    }
  }
}
