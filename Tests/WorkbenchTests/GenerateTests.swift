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
