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

@Suite(.serialized) struct GenerateTests {
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
      #expect(set.missing.isEmpty && stamp == kept)
      // A seed means the same picture alone and in a batch.
      let alone = Generate(
        ModelReference(Fixtures.url("tiny-sd1").path), sampling, [samples[0]], batch: 1)
      let other = try alone(in: Run(folder.appendingPathComponent("alone")), on: .cpu)
      #expect(try PNG.read(other.url(samples[0])) == first)
    }
  }
}
