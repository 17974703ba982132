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
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct EraseTests {
  @Test func eraseEvaluateReport() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let before = try model.model().hash()
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(Tiny.job(model, "esd", "fox"), settings: Tiny.esd, exports: .diffusers)
      let (eraser, verdict) = try erase(in: run, on: .cpu)
      #expect(verdict == .keptWhole)
      #expect(try run.runFolder.verdict() == .keptWhole)
      #expect(eraser.card.base == before && eraser.vector.norm > 0)
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
      let long = String(repeating: "very ", count: 75) + "fox"
      let error = try #require(throws: LetheError.self) {
        try Erase(Tiny.job(model, "uce", long), settings: [])(in: run, on: .cpu)
      }
      #expect(error.kind == .request && error.description.contains("fox' of "))
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
      #expect(made.eraser.vector.norm > 0)
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

  /// Two erasers minus one of them equal the other, to the bit.
  @Test func erasersAddUpAndComeOff() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let paths = try ["fox", "cat"].map { concept -> String in
        let run = try Run(folder.appendingPathComponent(concept))
        try Erase(Tiny.job(model, "uce", concept), settings: [])(in: run, on: .cpu)
        return run.folder.path
      }
      let both = try ModelReference(model.path, erasers: paths).load(on: .cpu).model
      let one = try ModelReference(model.path, erasers: [paths[0]]).load(on: .cpu).model
      let none = try ModelReference(model.path).load(on: .cpu).model
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

  /// The last step's loss says nothing of the weights that it makes.
  @Test func divergenceInTheLastStepWritesNoEraser() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      let settings = Tiny.esd + ["training.steps=1", "training.learningRate=1e39"]
      for _ in 0..<2 {
        let error = #expect(throws: LetheError.self) {
          try Erase(Tiny.job(model, "esd", "fox"), settings: settings)(in: run, on: .cpu)
        }
        #expect(error?.kind == .diverged)
        #expect(!run.runFolder.hasEraser && !run.runFolder.has("verdict.json"))
      }
    }
  }

  /// Pictures without finite numbers are no pictures without the concept.
  @Test func picturesThatAreNotFiniteAreCountedApart() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      let base = try model.model()
      var card = Eraser.Card()
      (card.method, card.concepts, card.base) = ("esd", ["fox"], base.hash())
      let path = ParameterPath("unet.conv_in.bias")
      let job = Tiny.job(model, "esd", "fox")
      let all = try Evaluate(job, Tiny.evaluation).samples.count
      for (value, broken) in [(3e38, all), (0, 0)] {
        let eraser = Eraser(card, ParameterVector([path: Tensor.full([8], value)]))
        let results = try Evaluate(job, Tiny.evaluation)(in: run, eraser: eraser, on: .cpu)
        let erased = results.rows.filter { $0.method == "esd" }
        let count = erased.value("not-finite")
        #expect(count?.value ?? 0 == Double(broken), "\(erased.map(\.metric))")
        #expect((erased.value("ua") == nil) == (broken > 0))
        #expect(results.rows.value("ira") != nil)
        try run.runFolder.write(job, to: "job.json")
        let html = try String(contentsOf: WriteReport(run.runFolder)(), encoding: .utf8)
        #expect(html.contains("no finite numbers") == (broken > 0))
      }
      // A picture that is asked for by itself is refused.
      var other = card
      other.concepts = ["x"]
      let file = folder.appendingPathComponent("e.safetensors")
      try Eraser(other, ParameterVector([path: Tensor.full([8], 3e38)])).write(to: file)
      var sampling = SamplingOptions()
      sampling.steps = 2
      let error = #expect(throws: LetheError.self) {
        try Generate(
          ModelReference(model.path, erasers: [file.path]), sampling,
          [.init("0", 0, prompt: "a fox", seed: 7)], batch: 1)(
            in: Run(folder.appendingPathComponent("out")), on: .cpu)
      }
      #expect(error?.kind == .model && error?.sentence.contains("'a fox', seed 7") == true)
    }
  }

  /// Seeds beyond 2^63 - 1 were rounded in files, and the program refused its own eraser.
  @Test(arguments: [UInt64.max, 1 << 63]) func everySeedComesBack(_ seed: UInt64) throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"), seed: seed)
      var job = Tiny.job(model, "uce", "fox")
      job.seed = seed
      try Erase(job, settings: [])(in: run, on: .cpu)
      try Erase(job, settings: [])(in: run, on: .cpu)
      #expect(try run.runFolder.job().seed == seed)
      #expect(try RunFolder.eraser(at: run.folder.path).card.seed == seed)
      let results = try Evaluate(run.runFolder.job(), Tiny.evaluation)(
        in: run, eraser: run.runFolder.eraser(), on: .cpu)
      #expect(!results.rows.isEmpty)
      let html = try String(contentsOf: WriteReport(run.runFolder)(), encoding: .utf8)
      #expect(html.contains("\(seed)"))
      let set = try MakeSet(model: model, concepts: ["fox"], others: [], prompts: [])(
        count: 1, steps: 1, guidance: 1, in: Run(folder.appendingPathComponent("set"), seed: seed),
        on: .cpu)
      #expect(try SampleSet(set.folder).manifest.samples.map(\.seed) == [seed])
    }
  }

  /// A model without themes.json draws a free word in the templates of its kind, and the siblings of the word.
  @Test func setsOfFreeWords() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      try FileManager.default.removeItem(
        at: URL(fileURLWithPath: model.path).appendingPathComponent("themes.json"))
      func prompts(_ concepts: [String], _ others: [String], _ kind: ConceptKind?) throws
        -> Set<String>
      {
        var set = MakeSet(model: model, concepts: concepts, others: others, prompts: [])
        set.kind = kind
        let run = try Run(folder.appendingPathComponent(UUID().uuidString), seed: 1)
        let made = try set(count: 4, steps: 1, guidance: 1, in: run, on: .cpu)
        return Set(made.manifest.samples.map(\.prompt))
      }
      #expect(try prompts(["cat"], [], .object).allSatisfy { $0.mentions("cat") })
      #expect(try prompts(["cat"], [], .object).contains { $0 != "cat" })
      #expect(try prompts([], ["cat"], .object).allSatisfy { !$0.mentions("cat") })
      let error = #expect(throws: LetheError.self) { try prompts([], ["cat"], nil) }
      #expect(error?.sentence.contains("--kind") == true)
      for (concepts, others) in [([" "], []), ([], [""])] as [([String], [String])] {
        let empty = #expect(throws: LetheError.self) { try prompts(concepts, others, .object) }
        #expect(empty?.sentence.contains("an empty text names nothing") == true)
      }
    }
  }

  /// A page shows results and pictures of its own run.
  @Test func reportsShowTheirOwnRun() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let runs = try ["fox", "owl"].map { concept -> Run in
        let run = try Run(folder.appendingPathComponent(concept))
        let erase = try Erase(Tiny.job(model, "uce", concept), settings: [])
        let (eraser, _) = try erase(in: run, on: .cpu)
        try Evaluate(erase.job, Tiny.evaluation)(in: run, eraser: eraser, on: .cpu)
        return run
      }
      try WriteReport(runs[0].runFolder)()
      for name in ["results.json", "erased"] {
        let (own, other) = (runs[0].file(name), runs[1].file(name))
        let kept = folder.appendingPathComponent("kept")
        try FileManager.default.moveItem(at: own, to: kept)
        try FileManager.default.copyItem(at: other, to: own)
        let error = #expect(throws: LetheError.self) { try WriteReport(runs[0].runFolder)() }
        #expect(error?.sentence.contains("lethe evaluate") == true)
        try FileManager.default.removeItem(at: own)
        try FileManager.default.moveItem(at: kept, to: own)
      }
      try WriteReport(runs[0].runFolder)()
    }
  }

  /// Folders in a stranger's run lead nowhere else.
  @Test(arguments: ["original", "erased", "attack"])
  func resultsAreWrittenIntoTheRun(_ name: String) throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(Tiny.job(model, "uce", "fox"), settings: [])
      let (eraser, _) = try erase(in: run, on: .cpu)
      let album = folder.appendingPathComponent("album")
      try Run.makeFolder(album)
      try FileManager.default.createSymbolicLink(at: run.file(name), withDestinationURL: album)
      let error = #expect(throws: LetheError.self) {
        if name == "attack" {
          try AttackRun(erase.job, [], Tiny.evaluation, limit: 1)(
            in: run, eraser: eraser, on: .cpu)
        } else {
          try Evaluate(erase.job, Tiny.evaluation)(in: run, eraser: eraser, on: .cpu)
        }
      }
      #expect(error?.sentence.contains("a link that leads out") == true)
      #expect(try FileManager.default.contentsOfDirectory(atPath: album.path).isEmpty)
    }
  }
}
