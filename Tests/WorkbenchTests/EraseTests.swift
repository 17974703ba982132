import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning

@testable import Workbench

@Suite(.serialized) struct EraseTests {
  @Test func eraseEvaluateReport() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let before = try model.model().hash()
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(Tiny.job(model, "esd", "fox"), settings: Tiny.esd, exports: true)
      let (eraser, verdict) = try erase(in: run, on: .cpu)
      #expect(verdict == .keptWhole)
      #expect(try run.runFolder.verdict() == .keptWhole)
      #expect(eraser.card.base == before && eraser.difference.norm > 0)
      #expect(try model.model().hash() == before)
      // The exported model is the base with the eraser on it.
      let exported = try DiffusionModel.load(run.file("model")).hash()
      #expect(try model.model().applying([eraser]).hash() == exported)

      let results = try Evaluate(erase.job, Tiny.evaluation)(in: run, eraser: eraser, on: .cpu)
      #expect(Set(results.rows.map(\.method)) == ["original", "esd"])
      let ua = try #require(results.rows.first { $0.metric == "ua" && $0.method == "esd" })
      #expect(ua.n == 2 * 2 && ua.seeds == 2 && ua.measured.interval?.kind == .wilson95)
      #expect(results.rows.first { $0.metric == "ira" }?.n == 4)
      #expect(try run.runFolder.results() == results)

      // Finished pictures are kept, and both models drew the same prompts with the same seeds.
      let picture = run.file("erased/\(try SampleSet(run.file("erased")).manifest.samples[0].file)")
      let made =
        try FileManager.default.attributesOfItem(atPath: picture.path)[.modificationDate] as? Date
      try Evaluate(erase.job, Tiny.evaluation)(in: run, eraser: eraser, on: .cpu)
      #expect(
        try FileManager.default.attributesOfItem(atPath: picture.path)[.modificationDate] as? Date
          == made)
      let sets = try ["original", "erased"].map { try SampleSet(run.file($0)).manifest.samples }
      #expect(sets[0] == sets[1])

      let html = try String(contentsOf: try WriteReport(run.runFolder)(), encoding: .utf8)
      #expect(html.contains("Forgetting “fox”") && html.contains("Unlearning accuracy"))
      #expect(html.components(separatedBy: "data:image/png").count > 8)
    }
  }

  @Test func anotherJobInTheSameFolderIsRefused() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      try Erase(Tiny.job(model, "uce", "fox"), settings: [])(in: run, on: .cpu)
      try Erase(Tiny.job(model, "uce", "fox"), settings: [])(in: run, on: .cpu)
      #expect(throws: LetheError.self) {
        try Erase(Tiny.job(model, "uce", "cat"), settings: [])(in: run, on: .cpu)
      }
    }
  }

  /// Two erasers added, and one taken back: exactly the other alone.
  @Test func erasersAddUpAndComeOff() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let paths = try ["fox", "cat"].map { concept -> String in
        let run = try Run(folder.appendingPathComponent(concept))
        try Erase(Tiny.job(model, "uce", concept), settings: [])(in: run, on: .cpu)
        return run.folder.path
      }
      let both = try ModelReference(model.path, erasers: paths).load(on: .cpu)
      let one = try ModelReference(model.path, erasers: [paths[0]]).load(on: .cpu)
      let none = try ModelReference(model.path).load(on: .cpu)
      #expect(both.hash() != one.hash() && one.hash() != none.hash())
      let base = try model.model().hash()
      #expect(none.hash() == base)
    }
  }

  /// An object of `themes.json` is no path.
  @Test func themesNameNoFilesElsewhere() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      for file in ["themes.json", "judge/judge.json"].map(model.file) {
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacingOccurrences(of: "\"cat\"", with: "\"../../escaped\"").utf8)
          .write(to: file)
      }
      let error = #expect(throws: LetheError.self) {
        try AuditModel(model, Tiny.evaluation)(
          in: Run(folder.appendingPathComponent("a/b")), on: .cpu)
      }
      #expect(error?.sentence.contains("escaped") == true)
      let left = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      #expect(!left.contains { $0.contains("escaped") })
    }
  }
}
