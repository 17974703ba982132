// The base model is never overwritten, whatever path leads to it.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct OverwritingTests {
  private func bytes(_ model: ModelFolder) throws -> [String: Data] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: model.path)
    return Dictionary(
      uniqueKeysWithValues: names.compactMap { name in
        (try? Data(contentsOf: model.file(name))).map { (name, $0) }
      })
  }

  @Test func applyLeavesTheBase() throws {
    try Fixtures.temporaryFolder { folder in
      let (files, model) = (FileManager.default, try Tiny.model(folder))
      let run = try Run(folder.appendingPathComponent("run"))
      try Erase(Tiny.job(model, "uce", "fox"), settings: [])(in: run, on: .cpu)
      let before = try bytes(model)
      func place(_ name: String) -> URL { folder.appendingPathComponent(name) }
      try files.createSymbolicLink(at: place("link"), withDestinationURL: model.url)
      try Run.makeFolder(place("parts"))
      try files.createSymbolicLink(at: place("parts/unet"), withDestinationURL: model.file("unet"))
      func apply(out: URL? = nil, lora: URL? = nil) throws {
        _ = try Apply(model, erasers: [run.folder.path], set: nil, active: nil)(
          to: out, lora: lora, rank: nil, on: .cpu)
      }
      let outs = [
        model.url, place("link"), place("parts"), model.file("unet"),
        place("run/../model"), place("link/vae"),
      ]
      for out in outs {
        let error = #expect(throws: LetheError.self, "\(out)") { try apply(out: out) }
        #expect(error?.kind == .request && error?.sentence.hasPrefix("--out: ") == true)
      }
      let weights = model.file("unet/diffusion_pytorch_model.safetensors")
      for lora in [weights, place("link/model_index.json"), run.runFolder.eraserFile] {
        let error = #expect(throws: LetheError.self, "\(lora)") { try apply(lora: lora) }
        #expect(error?.kind == .request && error?.sentence.hasPrefix("--lora: ") == true)
      }
      #expect(try bytes(model) == before)
      try apply(out: place("out"), lora: place("lora.safetensors"))
      try apply(out: place("out"))
      #expect(try DiffusionModel.load(place("out")).hash() != model.model().hash())
    }
  }

  @Test func exportLeavesTheBase() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let before = try bytes(model)
      let job = Tiny.job(model, "uce", "fox")
      let parent = try Run(folder)
      let error = #expect(throws: LetheError.self) {
        try Erase(job, settings: [], exports: .diffusers)(in: parent, on: .cpu)
      }
      #expect(error?.kind == .request && error?.sentence.hasPrefix("--export: ") == true)
      #expect(throws: LetheError.self) {
        try Erase(job, settings: [])(in: Run(model.url), on: .cpu)
      }
      #expect(try bytes(model) == before)
      // Another model at that place is not this run's either.
      let other = try Run(folder.appendingPathComponent("p"))
      try FileManager.default.copyItem(at: model.url, to: other.file("model"))
      let copy = try bytes(ModelFolder(other.file("model")))
      #expect(throws: LetheError.self) {
        try Erase(job, settings: [], exports: .diffusers)(in: other, on: .cpu)
      }
      #expect(try bytes(ModelFolder(other.file("model"))) == copy)
    }
  }

  /// A run that is finished, or whose disk was full, writes the model when it is asked again.
  @Test func exportOfAFinishedRun() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      let job = Tiny.job(model, "uce", "fox")
      let (eraser, _) = try Erase(job, settings: [])(in: run, on: .cpu)
      let out = run.file("model")
      #expect(!FileManager.default.fileExists(atPath: out.path))
      let erase = try Erase(job, settings: [], exports: .diffusers)
      try erase(in: run, on: .cpu)
      let hash = try model.model().applying([eraser]).hash()
      #expect(try ModelFolder(out).model().hash() == hash)
      #expect(try ModelFolder(out).listedThemes() != nil)
      // An interrupted save leaves no model, even where there was one before.
      let weights = out.appendingPathComponent("vae/diffusion_pytorch_model.safetensors")
      try FileManager.default.removeItem(at: weights)
      try Run.makeFolder(weights)
      let error = #expect(throws: LetheError.self) { try erase(in: run, on: .cpu) }
      #expect(error?.kind == .disk && error?.sentence.contains(weights.path) == true)
      #expect(!ModelFolder(out).isModel)
      try FileManager.default.removeItem(at: weights)
      try erase(in: run, on: .cpu)
      #expect(try ModelFolder(out).model().hash() == hash)
    }
  }
}
