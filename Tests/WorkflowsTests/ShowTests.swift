import Diffusion
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

@Suite struct ShowTests {
  /// Everything that Lethe writes can be told apart again.
  @Test func everythingIsShown() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      _ = try Erase(Tiny.job(model, "uce", "fox"), settings: [])(in: run, on: .cpu)
      func shown(_ path: String) throws -> [String: String] {
        Dictionary(try Show(path)(), uniquingKeysWith: { a, _ in a })
      }
      #expect(try shown(run.folder.path)["method"] == "uce")
      #expect(try shown(run.folder.path)["run"] == "lethe erase")
      #expect(
        try shown(run.folder.path)["verdict"]?.hasPrefix("none: it was not evaluated") == true)
      // The guard's stop is told, and a verdict that says nothing is refused.
      try run.runFolder.write(
        Verdict.stopped(.init(step: 50, kept: 25, drift: 0.7, limit: 0.5)), to: "verdict.json")
      #expect(try shown(run.folder.path)["guard"]?.hasPrefix("stopped at step 50") == true)
      try run.runFolder.write(text: "{}\n", to: "verdict.json")
      #expect(throws: LetheError.self) { try Show(run.folder.path)() }
      try run.runFolder.write(Verdict.keptWhole, to: "verdict.json")
      // A measured run is told with its page, and a folder of an attack or a bench by its command.
      var results = Results(.evaluation)
      results.rows = [
        ResultRow("original", "fox", .share("ua", 0, of: 40), seeds: 1),
        ResultRow("uce", "fox", .share("ua", 40, of: 40), seeds: 1),
      ]
      try run.runFolder.write(results, to: "results.json")
      let measured = try shown(run.folder.path)
      #expect(measured["verdict"]?.hasPrefix("Forgotten: none of 40 pictures") == true)
      #expect(measured["page"] == "none yet; `lethe report \(run.folder.path)` writes it")
      try run.runFolder.write(text: "", to: "report.html")
      #expect(try shown(run.folder.path)["page"] == run.folder.path + "/report.html")
      let bench = RunFolder(folder.appendingPathComponent("bench"))
      try Run.makeFolder(bench.url)
      results.kind = .benchMethods
      try bench.write(results, to: "results.json")
      let about = try shown(bench.path)
      #expect(about["results of"] == "lethe bench methods")
      #expect(about["verdict"] == "Forgotten: uce.", "\(about)")
      try run.runFolder.write(RunIdentity("evaluate --with", [:]), to: "identity.json")
      #expect(try shown(run.folder.path)["run"] == "lethe evaluate --with")
      try run.runFolder.write(text: "{}\n", to: "identity.json")
      let broken = try shown(run.folder.path)
      #expect(broken["identity"]?.hasPrefix("broken: \(run.file("identity.json").path): ") == true)
      #expect(broken["concepts"] == "fox" && broken["run"] == "of a command that is not known")
      try run.runFolder.write(RunIdentity("evaluate --with", [:]), to: "identity.json")
      let eraser = try shown(run.runFolder.eraserFile.path)
      #expect(eraser["eraser of"] == "fox" && eraser["base"]?.count == 64)
      #expect(try shown(model.path)["prediction"] == "epsilon")
      var sampling = SamplingOptions()
      (sampling.steps, sampling.sampler) = (2, "model")
      let set = try Generate(
        ModelReference(model), sampling, [SampleSet.Sample("0", 0, prompt: "a fox", seed: 1)],
        batch: 1)(
          in: Run(folder.appendingPathComponent("out")), on: .cpu)
      #expect(set.manifest.sampling.sampler == "pndm")
      let drawn = try shown(set.folder.path)
      #expect(drawn["pictures"] == "1 of 1, drawn by lethe" && drawn["prompts"] == "'a fox'")
      #expect(drawn["model"] == model.path && drawn["erasers"]?.hasPrefix("none") == true)
      #expect(
        try shown(ModelFolder("Models/emoji").path)["styles"]
          == "5: noto, openmoji, emojione, symbola, line")
      let picture = try shown(set.url(set.manifest.samples[0]).path)
      #expect(
        picture["picture"] == "16 x 16 pixels"
          && picture["parameters"]?.hasPrefix("a fox\n") == true)
      #expect(throws: LetheError.self) { try shown(folder.path) }
      #expect(throws: LetheError.self) { try shown("/nonexistent") }
      // An eraser at half strength moves half as far; the whole one is another picture's.
      let half = try RunFolder.eraser(at: run.folder.path + ":0.5")
      let whole = try RunFolder.eraser(at: run.folder.path)
      #expect(abs(half.vector.norm / whole.vector.norm - 0.5) < 1e-6)
      #expect(try half.hash() != whole.hash())
      #expect(throws: LetheError.self) { try RunFolder.eraser(at: run.folder.path + ":x") }
      // A LoRA of the eraser is a model's addition, and part of its hash.
      let lora = folder.appendingPathComponent("fox.safetensors")
      var apply = Apply(model, erasers: [run.folder.path], set: nil, active: nil)
      let written = try apply(to: nil, lora: lora, rank: nil, on: .cpu)
      #expect(written.lora?.leftOutTensors == 0)
      let laid = try ModelFolder(model.path, .init(loras: [lora.path])).model()
      let edited = try model.model().applying([whole])
      for path in whole.vector.paths {
        #expect(
          try #require(laid.parameters[path]).distance(to: try #require(edited.parameters[path]))
            < 1e-5)
      }
      #expect(try laid.hash() != model.model().hash())
      #expect(
        try ModelFolder(model.path, .init(loras: [lora.path + ":0"])).model().hash()
          == model.model().hash())
      // The same erasers on a model of other weights.
      let base = try model.model()
      let other = folder.appendingPathComponent("other")
      try base.replacing(base.parameters.tensors.mapValues { $0 + 0.01 * Tensor.ones(like: $0) })
        .save(to: other)
      apply.onto = ModelFolder(other)
      let out = folder.appendingPathComponent("onto")
      let done = try apply(to: out, lora: nil, rank: nil, on: .cpu)
      let fit = try #require(done.coverage)
      #expect(fit.fitting == fit.all && fit.madeFor != fit.base)
      let card = try String(contentsOf: out.appendingPathComponent("README.md"), encoding: .utf8)
      #expect(card.contains("| fox | uce |"))
      apply.onto = ModelFolder(Fixtures.url("tiny-ddpm"))
      #expect(throws: LetheError.self) { try apply(to: out, lora: nil, rank: nil, on: .cpu) }
      // One file.
      apply.onto = nil
      let single = folder.appendingPathComponent("single.safetensors")
      _ = try apply(to: single, lora: nil, rank: nil, dtype: .float32, on: .cpu)
      #expect(try ModelFolder(single).model().hash() == edited.hash())
      let (file, many) = (try shown(single.path), try shown(out.path))
      // The eraser in it is named, in one file, in a folder, with its strength, and over two steps.
      #expect(file["erased"] == "fox by uce, seed 0" && many["erased"] == "fox by uce, seed 0")
      #expect(try shown(lora.path)["eraser of"] == "fox by uce, seed 0")
      let twice = folder.appendingPathComponent("twice")
      _ = try Apply(
        ModelFolder(out), erasers: [], set: nil, active: nil)(
          to: twice, lora: nil, rank: nil, on: .cpu)
      #expect(try shown(twice.path)["erased"] == "fox by uce, seed 0")
      var weak = Apply(model, erasers: [run.folder.path + ":0.5"], set: nil, active: nil)
      #expect(throws: LetheError.self) { try weak(to: twice, lora: nil, rank: nil, on: .cpu) }
      weak.overwrites = true
      _ = try weak(to: twice, lora: nil, rank: nil, on: .cpu)
      #expect(try shown(twice.path)["erased"] == "fox by uce, seed 0, strength 0.5")
      #expect(file["single file"] == "" && many["single file"] == nil)
      #expect(file["prediction"] == "epsilon" && file["unet"] == many["unet"])
    }
  }
}
