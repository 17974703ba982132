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

  /// A concept that does not fit into the text encoder is refused, since others would be the same to it; prompts to
  /// keep that do not fit are told once.
  @Test func longPrompts() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      var notes: [String] = []
      run.onNote = { notes.append($0) }
      let long = String(repeating: "the ", count: 75) + "fox"
      let error = try #require(throws: LetheError.self) {
        try Erase(Tiny.job(model, "uce", long), settings: [])(in: run, on: .cpu)
      }
      #expect(error.kind == .request && error.description.contains("'fox' of "))
      #expect(!run.runFolder.has("job.json") && notes.isEmpty)
      var job = Tiny.job(model, "uce", "fox")
      job.preserve = ["a cat", long, long + " cat"]
      try Erase(job, settings: [])(in: run, on: .cpu)
      #expect(notes.count == 1 && notes.first?.contains("2 of 3 prompts") == true)
    }
  }

  /// Requests that could not be met are refused before anything is loaded, and the two ways to say what comes instead
  /// arrive where they belong.
  @Test func requests() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      for method in ["uce", "esd", "salun"] {
        for blank in ["", "  "] {
          let error = try #require(throws: LetheError.self) {
            try Erase(Tiny.job(model, method, blank), settings: [])
          }
          #expect(error.kind == .request)
        }
      }
      var job = Tiny.job(model, "esd", "fox")
      (job.forgetImages, job.retainImages) = ("data", "data")
      let error = try #require(throws: LetheError.self) { try Erase(job, settings: []) }
      #expect(error.description.contains("--data") && error.description.contains("salun"))
      job.method = "salun"
      job.replacementCaption = "a photo of a pokemon"
      let erasure = try Erase(job, settings: []).erasure()
      #expect(erasure.wrongCaption == "a photo of a pokemon")
      #expect(erasure.forget.flatMap(\.phrases).allSatisfy { $0.anchor == "a photo of a pokemon" })
      job.replacement = "owl"
      #expect(throws: LetheError.self) { try Erase(job, settings: []) }
      // Plain ascent keeps nothing, and needs nothing to keep.
      let settings = [
        "alpha=0", "training.steps=2", "data.forget=2", "data.steps=2", "guarding.limit=0",
      ]
      var plain = Tiny.job(model, "ascent", "fox")
      plain.preserve = []
      let run = try Run(folder.appendingPathComponent("run"))
      let made = try Erase(plain, settings: settings)(in: run, on: .cpu)
      #expect(made.eraser.difference.norm > 0)
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
}
