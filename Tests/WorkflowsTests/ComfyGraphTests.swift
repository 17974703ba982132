// The texts of a picture as other programs read them: ComfyUI opens the tEXt chunk `prompt`, web interfaces split the
// last line of `parameters`.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch

@testable import Evaluation
@testable import Workbench
@testable import Workflows

@Suite struct ComfyGraphTests {
  private static var reference: ModelReference {
    var model = ModelReference(
      ModelFolder(
        "/x/my, model", .init(loras: ["/y/style.safetensors:0.5"], vae: "/z/vae-ft-mse")),
      erasers: ["runs/fox:0.25"])
    model.active = nil
    return model
  }

  private static var texts: [(String, String)] {
    var sample = SampleSet.Sample("0", 0, prompt: "ein Fuchs, 狐 \"rot\"", seed: .max)
    sample.guidance = 3.5
    var sampling = SamplingOptions()
    (sampling.sampler, sampling.steps, sampling.negative) = ("dpm++2m", 7, "grün")
    return Generate.recipe(sample, sampling, reference, base: "0123456789abcdef", erasers: [])
      .text((64, 48))
  }

  /// The tEXt chunks by keyword, each byte a character, which is all that ComfyUI's reader looks at.
  private static func chunks(_ png: [UInt8]) -> [String: String] {
    var found: [String: String] = [:]
    var i = 8
    while i + 12 <= png.count {
      let length = png[i..<(i + 4)].reduce(0) { $0 << 8 | Int($1) }
      let body = png[(i + 8)..<(i + 8 + length)]
      if png[(i + 4)..<(i + 8)].elementsEqual("tEXt".utf8), let zero = body.firstIndex(of: 0) {
        found[String(decoding: body[..<zero], as: UTF8.self)] = String(
          body[(zero + 1)...].map { Character(Unicode.Scalar($0)) })
      }
      i += 12 + length
    }
    return found
  }

  /// Every node has a class, every link leads to a node, and the numbers are those of the picture.
  @Test func comfyOpensTheGraph() throws {
    let png = try PNG.encode(Image.grey(64, 48), text: Self.texts)
    let text = try #require(Self.chunks([UInt8](png))["prompt"])
    let nodes = try #require(JSONText.value(Data(text.utf8), .strict).members)
    #expect(nodes.values.allSatisfy { $0["class_type"]?.string != nil && $0["inputs"] != nil })
    for node in nodes.values {
      for case .array(let link) in (node["inputs"]?.members ?? [:]).values {
        #expect(link.count == 2 && nodes[link[0].string ?? ""] != nil && link[1].int != nil)
      }
    }
    func node(_ kind: String) -> [JSON] {
      nodes.values.filter { $0["class_type"]?.string == kind }.map { $0["inputs"] ?? .null }
    }
    func at(_ link: JSON?) -> JSON? {
      (link?.array?.first?.string).flatMap { nodes[$0]?["inputs"] }
    }
    let drawn = try #require(node("KSampler").first)
    #expect(drawn["seed"] == JSON(UInt64.max) && drawn["steps"]?.int == 7)
    #expect(drawn["cfg"]?.number == 3.5 && drawn["sampler_name"]?.string == "dpmpp_2m")
    #expect(at(drawn["positive"])?["text"]?.string == "ein Fuchs, 狐 \"rot\"")
    #expect(at(drawn["negative"])?["text"]?.string == "grün")
    let decoder = try #require(node("VAEDecode").first)
    #expect(at(decoder["vae"])?["vae_name"]?.string == "vae-ft-mse.safetensors")
    #expect(decoder["vae"]?.array?.last?.int == 0)
    let size = at(drawn["latent_image"])
    #expect(size?["width"]?.int == 64 && size?["height"]?.int == 48)
    // The sampler draws with the model under both LoRAs, the eraser's last.
    let eraser = at(drawn["model"])
    #expect(eraser?["lora_name"]?.string == "fox.safetensors")
    #expect(eraser?["strength_model"]?.number == 0.25)
    let style = at(eraser?["model"])
    #expect(style?["lora_name"]?.string == "style.safetensors")
    #expect(style?["strength_clip"]?.number == 0.5)
    #expect(at(style?["model"])?["ckpt_name"]?.string == "my, model.safetensors")
    #expect(node("VAEDecode").count == 1 && node("SaveImage").count == 1)
  }

  /// A comma in a name does not end it; every setting of the last line is found.
  @Test func webInterfacesReadTheSettings() throws {
    let text = try #require(Self.texts.first { $0.0 == "parameters" }?.1)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 3 && lines[1] == "Negative prompt: grün")
    let pairs = lines[2].matches(of: /\s*(\w[\w \-\/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/)
      .map { (String($0.1), String($0.2)) }
    let settings = Dictionary(pairs, uniquingKeysWith: { a, _ in a })
    #expect(
      settings == [
        "Steps": "7", "Sampler": "dpm++2m", "CFG scale": "3.5", "Seed": "18446744073709551615",
        "Model": "\"my, model\"", "LoRA": "style.safetensors:0.5", "VAE": "vae-ft-mse",
        "Erasers": "fox:0.25",
        "Size": "64x48", "Model hash": "0123456789", "Version": "lethe \(Version.current)",
      ])
  }

  /// A model with classes has no graph, because ComfyUI asks in words.
  @Test func classesHaveNoGraph() {
    let model = ModelReference(ModelFolder(Fixtures.url("tiny-ddpm").path))
    let recipe = Generate.recipe(
      SampleSet.Sample("0", 0, prompt: "fox", seed: 1), SamplingOptions(), model, base: "0",
      erasers: [])
    #expect(recipe.text((8, 8)).map(\.0) == ["parameters", "lethe.inputs"])
  }
}
