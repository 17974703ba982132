// Textual inversions against diffusers (scripts/golden/embeddings.py).
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Diffusion

@Suite struct TextualInversionTests {
  private static let prompt = "a photo of <toy>, and of a <toy>'s cat"

  private func file(_ name: String) -> URL { Fixtures.url("embeddings/\(name).safetensors") }

  private func golden(_ name: String) throws -> Tensor {
    try #require(try Fixtures.tensors("embeddings/golden.safetensors")[name])
  }

  /// Three vectors for one word, by the token of the file and by one that is given.
  @Test(arguments: [("diffusers", nil), ("diffusers", "<toy>"), ("webui", "<toy>")])
  func severalVectors(_ form: String, _ token: String?) throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let inversion = try TextualInversion(file(form), token: token)
    #expect(inversion.token == "<toy>" && inversion.count == 3)
    let more = try model.inserting(inversion)
    #expect(try more.tokens(Self.prompt).rows[0] == golden("sd1.tokens").ints)
    let hidden = withoutGradients { more.embed([Self.prompt]).hidden }
    #expect(hidden.distance(to: try golden("sd1.hidden")) < 1e-5)
    #expect(model.tokens("a cat").rows == more.tokens("a cat").rows)
    #expect(more.tokens("a <TOY>").rows == more.tokens("a <toy>").rows)
    // The model itself knows the word as text alone.
    #expect(model.tokens(Self.prompt).rows[0].max() == 553)
  }

  /// Each of SDXL's encoders has vectors of its own.
  @Test func bothEncoders() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
    let more = try model.inserting(try TextualInversion(file("sdxl"), token: "<toy>"))
    let c = withoutGradients { more.embed([Self.prompt]) }
    #expect(c.hidden.distance(to: try golden("sdxl.hidden")) < 1e-5)
    #expect(try #require(c.pooled).distance(to: try golden("sdxl.pooled")) < 1e-5)
  }

  /// A folder that is written has the word, in whichever file transformers looks for it.
  @Test(arguments: ["tiny-sd1", "tiny-sdxl"]) func writtenFolders(_ kind: String) throws {
    let form = kind == "tiny-sdxl" ? "sdxl" : "diffusers"
    try Fixtures.temporaryFolder { folder in
      let more = try DiffusionModel.load(Fixtures.url(kind))
        .inserting(try TextualInversion(file(form), token: "<toy>"))
      try more.save(to: folder)
      let read = try DiffusionModel.load(folder)
      #expect(read.tokens(Self.prompt) == more.tokens(Self.prompt))
      let hidden = withoutGradients { read.embed([Self.prompt]).hidden }
      #expect(hidden.isIdentical(to: withoutGradients { more.embed([Self.prompt]).hidden }))
      #expect(throws: LetheError.self) {
        try more.writeSingleFile(to: folder.appendingPathComponent("m.safetensors"), title: "")
      }
    }
  }

  @Test func refusals() throws {
    let sd1 = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let xl = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
    func sentence(_ body: () throws -> Void) throws -> String {
      try #require(throws: LetheError.self) { try body() }.sentence
    }
    let own = try TextualInversion(file("webui"), token: "<toy>")
    #expect(try sentence { _ = try sd1.inserting(own).inserting(own) }.contains("'<toy>' already"))
    #expect(try sentence { _ = try xl.inserting(own) }.contains("vectors of 16, the model's"))
    let two = try TextualInversion(file("sdxl"), token: "<toy>")
    #expect(try sentence { _ = try sd1.inserting(two) }.contains("take"))
    #expect(
      try sentence { _ = try TextualInversion(self.file("webui"), token: "a b") }.contains("'a b'"))
    let word = try TextualInversion(file("webui"), token: "a</w>")
    #expect(try sentence { _ = try sd1.inserting(word) }.contains("'a</w>' already"))
    let pixels = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    #expect(try sentence { _ = try pixels.inserting(own) }.contains("words"))
    try Fixtures.temporaryFolder { folder in
      for (name, tensors) in [
        ("l", ["lora_a": Tensor.zeros([2]), "lora_b": Tensor.zeros([2])]),
        ("m", ["<toy>": Tensor.zeros([2, 3, 4])]), ("n", ["<toy>": Tensor.zeros([76, 16])]),
      ] {
        let file = folder.appendingPathComponent("\(name).safetensors")
        try SafeTensors.write(tensors, to: file)
        #expect(try sentence { _ = try TextualInversion(file) }.contains("accepted"))
      }
      for ending in ["pt", "bin"] {
        let file = folder.appendingPathComponent("e.\(ending)")
        try Data("x".utf8).write(to: file)
        #expect(try sentence { _ = try TextualInversion(file) }.contains("pickle"))
      }
    }
  }
}
