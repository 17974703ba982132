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

@Suite struct GenerateTests {
  /// Every caption of the embedded model fits into its text encoder, and a longer prompt is told once a run.
  @Test func longPromptsAreTold() throws {
    let emoji = ModelFolder(Fixtures.package.appendingPathComponent("Models/emoji"))
    let layout = try Layout(folder: emoji.url)
    let themes = try emoji.themes()
    for name in themes.objects + themes.styles {
      let concept = Concept.resolve(name, in: themes, replacement: nil)
      #expect(layout.cut(concept.phrases.flatMap { [$0.prompt, $0.anchor] }) == nil, "\(name)")
    }
    try Fixtures.temporaryFolder { folder in
      let long = String(repeating: "fox ", count: 80)
      let samples = ["a fox", long, long].enumerated().map {
        SampleSet.Sample("\($0.offset)", 0, prompt: $0.element, seed: 1)
      }
      var sampling = SamplingOptions()
      sampling.steps = 1
      let run = try Run(folder.appendingPathComponent("out"))
      var notes: [String] = []
      run.onNote = { notes.append($0) }
      let generate = Generate(
        ModelReference(Fixtures.url("tiny-sd1").path), sampling, samples, batch: 3)
      _ = try generate(in: run, on: .cpu)
      #expect(notes.count == 1 && notes.first?.contains("1 of 2 prompts") == true)
      #expect(notes.first?.contains("'fox fox fox fox fox' of") == true)
    }
  }

  @Test func generateResumesAndCarriesRecipes() throws {
    try Fixtures.temporaryFolder { folder in
      let samples = (0..<3).map { SampleSet.Sample("\($0)", 0, prompt: "a fox", seed: UInt64($0)) }
      var sampling = SamplingOptions()
      sampling.steps = 3
      let generate = Generate(
        ModelReference(Fixtures.url("tiny-sd1").path), sampling, samples, batch: 2)
      let run = try Run(folder.appendingPathComponent("out"))
      let set = try generate(in: run, on: .cpu)
      let first = try PNG.read(set.url(samples[0]))
      #expect(try PNG.text(of: set.url(samples[1]))["parameters"]?.contains("Seed: 1") == true)
      try FileManager.default.removeItem(at: set.url(samples[1]))
      let stamp = try Data(contentsOf: set.url(samples[2]))
      try generate(in: run, on: .cpu)
      let kept = try Data(contentsOf: set.url(samples[2]))
      #expect(try set.missing.isEmpty && stamp == kept)
      // A seed means the same picture alone and in a batch.
      let alone = Generate(
        ModelReference(Fixtures.url("tiny-sd1").path), sampling, [samples[0]], batch: 1)
      let other = try alone(in: Run(folder.appendingPathComponent("alone")), on: .cpu)
      #expect(try PNG.read(other.url(samples[0])) == first)
    }
  }

  /// A grid that is only checked draws nothing, and names the pictures that it would draw.
  @Test func gridsAreChecked() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let out = folder.appendingPathComponent("e")
      try Erase(Tiny.job(model, "uce", "fox"), settings: [])(in: Run(out), on: .cpu)
      let reference = ModelReference(model, erasers: [out.path])
      func grid(_ axes: String, _ prompts: [String] = ["a fox"]) throws -> GenerateGrid {
        try GenerateGrid(axes, prompts: prompts, seeds: [3, 4], strengths: [0, 0.5])
      }
      let parts = try #require(
        grid("strength,seed").check(reference, SamplingOptions(), on: .cpu).array)
      #expect(parts.map { $0["folder"] } == ["erasers-0-0", "erasers-0-5"])
      #expect(parts.allSatisfy { $0["samples"]?.array?.map { $0["seed"] } == [3, 4] })
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(Set(names) == ["model", "e"])
      #expect(throws: LetheError.self) {
        try grid("prompt,eraser").check(ModelReference(model), SamplingOptions(), on: .cpu)
      }
      var sampling = SamplingOptions()
      sampling.width = 21
      #expect(throws: LetheError.self) {
        try grid("strength,seed").check(reference, sampling, on: .cpu)
      }
    }
  }

  /// A model that lists its subjects is drawn as its trials were.
  @Test func usualGuidance() throws {
    try Fixtures.temporaryFolder { folder in
      #expect(try Tiny.model(folder).usualGuidance == SamplingOptions.trialGuidance)
      #expect(ModelFolder(Fixtures.url("tiny-sd1").path).usualGuidance == 7.5)
      let card = try String(
        contentsOf: Fixtures.package.appendingPathComponent("Models/emoji/README.md"),
        encoding: .utf8)
      #expect(card.contains("Guidance \(Int(SamplingOptions.trialGuidance)), 25 steps"))
    }
  }

  private func request(_ model: ModelFolder, erasers: [String] = []) -> Generate {
    var sampling = SamplingOptions()
    sampling.steps = 2
    return Generate(
      ModelReference(model.path, erasers: erasers), sampling,
      [SampleSet.Sample("0", 0, prompt: "a fox", seed: 1)], batch: 1)
  }

  /// Once, any file called 0_0.png counted as drawn.
  @Test(arguments: ["text", "folder", "link", "size", "prompt", "cut", "model"])
  func whatIsNoPictureOfTheRequestIsRefused(_ kind: String) throws {
    try Fixtures.temporaryFolder { folder in
      let (files, model) = (FileManager.default, try Tiny.model(folder))
      let run = try Run(folder.appendingPathComponent("out"))
      let file = run.file("0_0.png")
      try request(model)(in: run, on: .cpu)
      let own = try Data(contentsOf: file)
      let text = try PNG.text(of: file).map { ($0, $1) }
      try files.removeItem(at: file)
      switch kind {
      case "text": try Data("nonsense".utf8).write(to: file)
      case "folder": try Run.makeFolder(file)
      case "link":
        let other = folder.appendingPathComponent("other.png")
        try own.write(to: other)
        try files.createSymbolicLink(at: file, withDestinationURL: other)
      case "size": try PNG.write(Image.grey(8, 8), text: text, to: file)
      case "prompt": try PNG.write(Image.grey(16, 16), text: [("parameters", "x")], to: file)
      case "cut": try own.prefix(own.count - 40).write(to: file)
      default:
        try own.write(to: file)
        let path = ParameterPath("unet.conv_in.bias")
        try model.model().replacing([path: Tensor.ones([8])]).save(to: model.url)
      }
      let error = #expect(throws: LetheError.self) { try request(model)(in: run, on: .cpu) }
      #expect(error?.sentence.contains(kind == "link" ? "link" : file.path) == true)
      guard kind != "folder", kind != "link" else { return }
      var generate = request(model)
      generate.overwrites = true
      try generate(in: run, on: .cpu)
      let again = try Run(folder.appendingPathComponent("again"))
      try request(model)(in: again, on: .cpu)
      #expect(try Data(contentsOf: file) == Data(contentsOf: again.file("0_0.png")))
    }
  }

  /// A picture that is drawn again is the same to the bit, whatever else of its batch is there.
  @Test func batchesOfAnInterruptedRunStay() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("out"))
      func draw() throws {
        var generate = request(model)
        generate.samples = (0..<5).map {
          SampleSet.Sample("\($0)", 0, prompt: "a fox", seed: UInt64($0))
        }
        generate.batch = 3
        try generate(in: run, on: .cpu)
      }
      try draw()
      let names = (0..<5).map { "\($0)_0.png" }
      let whole = try names.map { try Data(contentsOf: run.file($0)) }
      for gone in [[1], [0, 2, 4], [3]] {
        for i in gone { try FileManager.default.removeItem(at: run.file(names[i])) }
        try draw()
        #expect(try names.map { try Data(contentsOf: run.file($0)) } == whole)
      }
    }
  }

  /// Version 0.1 did not write what drew a picture, so its pictures are drawn again.
  @Test func picturesOfVersionOneAreDrawnAgain() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("out"))
      try request(model)(in: run, on: .cpu)
      let file = run.file("0_0.png")
      let (own, text) = (try Data(contentsOf: file), try PNG.text(of: file))
      let old = [("parameters", try #require(text["parameters"]))]
      try PNG.write(PNG.read(file), text: old, to: file)
      try request(model)(in: run, on: .cpu)
      #expect(try Data(contentsOf: file) == own)
    }
  }

  /// Erasers are told apart by what they hold; their names stay.
  @Test func erasersCountByTheirContent() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let file = folder.appendingPathComponent("e.safetensors")
      var card = Eraser.Card()
      (card.concepts, card.base) = (["fox"], try model.model().hash())
      func write(_ value: Double) throws {
        let path = ParameterPath("unet.conv_in.bias")
        try Eraser(card, ParameterVector([path: Tensor.full([8], value)])).write(to: file)
      }
      try write(0.1)
      let run = try Run(folder.appendingPathComponent("out"))
      try request(model, erasers: [file.path])(in: run, on: .cpu)
      let first = try Data(contentsOf: run.file("0_0.png"))
      try request(model, erasers: [file.path])(in: run, on: .cpu)
      #expect(try Data(contentsOf: run.file("0_0.png")) == first)
      try write(0.5)
      #expect(throws: LetheError.self) {
        try request(model, erasers: [file.path])(in: run, on: .cpu)
      }
      var generate = request(model, erasers: [file.path])
      generate.overwrites = true
      try generate(in: run, on: .cpu)
      #expect(try Data(contentsOf: run.file("0_0.png")) != first)
    }
  }

  /// Pictures of another request go when they are said to, and no others.
  @Test func foldersOfAnotherRequestAreRefused() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("out"))
      try request(model)(in: run, on: .cpu)
      let picture = try Data(contentsOf: run.file("0_0.png"))
      let changes: [(inout Generate) -> Void] = [
        { $0.samples[0].prompt = "an owl" }, { $0.samples[0].seed = 2 }, { $0.sampling.steps = 3 },
        { $0.samples[0].guidance = 2 }, { $0.sampling.sampler = "euler" },
        { $0.samples = [.init("1", 0, prompt: "a fox", seed: 1)] },
      ]
      for change in changes {
        var generate = request(model)
        change(&generate)
        let error = #expect(throws: LetheError.self) { try generate(in: run, on: .cpu) }
        #expect(error?.kind == .request && error?.sentence.contains("--overwrite") == true)
        #expect(try Data(contentsOf: run.file("0_0.png")) == picture)
      }
      // More pictures of the same request are no other request.
      var more = request(model)
      more.samples.append(.init("1", 0, prompt: "an owl", seed: 1))
      try more(in: run, on: .cpu)
      #expect(try Data(contentsOf: run.file("0_0.png")) == picture)
      try Data("mine".utf8).write(to: run.file("notes.txt"))
      var other = request(model)
      (other.overwrites, other.samples[0].caseNumber) = (true, "2")
      try other(in: run, on: .cpu)
      let names = try FileManager.default.contentsOfDirectory(atPath: run.folder.path).sorted()
      #expect(names == ["2_0.png", "manifest.json", "notes.txt"])
    }
  }

  /// A manifest of another program is not taken for one of this request, and its files stay.
  @Test func foreignFilesStay() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("out"))
      let photo = run.file("photo_1.png")
      try Data("precious".utf8).write(to: photo)
      let manifest = SampleSet.Manifest(
        sampling: .init(), model: "m", erasers: [],
        samples: [.init("photo", 1, prompt: "x", seed: 0)])
      for text in [try JSON(encoding: manifest).pretty, "{}", "no JSON"] {
        try Data(text.utf8).write(to: run.file("manifest.json"))
        #expect(throws: LetheError.self) { try request(model)(in: run, on: .cpu) }
        var generate = request(model)
        generate.overwrites = true
        try generate(in: run, on: .cpu)
        #expect(try Data(contentsOf: photo) == Data("precious".utf8))
        try FileManager.default.removeItem(at: run.file("0_0.png"))
      }
    }
  }
}
