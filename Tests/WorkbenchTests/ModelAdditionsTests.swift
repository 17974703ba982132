// LoRA files and textual inversions wherever a model is named, and pages of pictures by what differs.
import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Auditing
@testable import Benchmarks
@testable import Workbench
@testable import Workflows

@Suite struct ModelAdditionsTests {
  /// A difference of one weight, as a LoRA and as an eraser.
  private func change(_ folder: URL) throws -> (lora: URL, eraser: URL) {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let path = ParameterPath(
      "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight")
    let weight = try #require(model.parameters[path])
    let vector = ParameterVector([path: Tensor.randn(weight.shape, Generator(seed: 1))])
    let lora = folder.appendingPathComponent("style.safetensors")
    try model.writeLoRA(vector, to: lora)
    var card = Eraser.Card()
    (card.method, card.concepts, card.base) = ("esd", ["fox"], model.hash())
    let eraser = folder.appendingPathComponent("fox.safetensors")
    try Eraser(card, vector).write(to: eraser)
    return (lora, eraser)
  }

  /// The fixture's VAE with another bias.
  private func otherVAE(_ folder: URL) throws -> URL {
    let place = folder.appendingPathComponent("other-vae")
    try FileManager.default.copyItem(at: Fixtures.url("tiny-sd1/vae"), to: place)
    let file = place.appendingPathComponent("diffusion_pytorch_model.safetensors")
    var tensors = try SafeTensors.load(file)
    tensors["decoder.conv_out.bias"] = Tensor.full([3], 0.25)
    try SafeTensors.write(tensors, to: file)
    return place
  }

  /// The model's hash is that of the result, and tells of the token, which no weight does.
  @Test func additionsArePartOfTheHash() throws {
    try Fixtures.temporaryFolder { folder in
      let lora = try change(folder).lora.path
      let toy = Fixtures.url("embeddings/webui.safetensors").path
      let model = Fixtures.url("tiny-sd1").path
      func hash(_ additions: ModelAdditions) throws -> String {
        try ModelFolder(model, additions).model().hash()
      }
      let hashes = try [
        .init(), .init(loras: [lora]), .init(loras: ["\(lora):0.5"]),
        .init(embeddings: ["\(toy):<toy>"]), .init(embeddings: ["\(toy):<a:b>"]),
        .init(loras: [lora], embeddings: ["\(toy):<toy>"]), .init(vae: try otherVAE(folder).path),
      ].map(hash)
      #expect(Set(hashes).count == hashes.count)
      #expect(try hash(.init(vae: model)) == hashes[0])
      // The file's name is the word where no other is given.
      let layout = try ModelFolder(model, .init(embeddings: [toy])).layout()
      let tokens = try layout.tokenizer(for: "a test").words("webui").rows[0]
      #expect(tokens == [554, 555, 556])
    }
  }

  /// Audits, sets of erasers and benchmarks begin with the model as it is laid over.
  @Test func everywhereAModelIsNamed() throws {
    try Fixtures.temporaryFolder { folder in
      let (lora, eraser) = try change(folder)
      let model = ModelFolder(
        Fixtures.url("tiny-sd1").path, .init(loras: [lora.path], vae: try otherVAE(folder).path))
      let hash = try model.model().hash()
      let audited = try AuditSubject(
        model.path, model.additions, with: eraser.path, original: nil, concepts: [], kind: nil,
        on: .cpu)
      #expect(try audited.job.folder.model().hash() == hash)
      let elsewhere = try AuditSubject(
        model.path, model.additions, with: nil, original: model.path, concepts: ["fox"], kind: nil,
        on: .cpu)
      #expect(elsewhere.eraser.card.base == hash && elsewhere.eraser.vector.tensors.isEmpty)
      let place = folder.appendingPathComponent("set")
      let made = try EraserSet.create(
        place, model: model.path, model.additions, base: hash, protecting: [], seed: 1)
      #expect(try EraserSet(place).modelFolder == model && made.card.additions == model.additions)
      try EraserSet(place).checkBase(try EraserSet(place).modelFolder.model())
      let job = EraseJob(BenchmarkOptions(model).model, "uce", "fox", seed: 1, command: [])
      let read: EraseJob = try JSON(encoding: job).decoded()
      #expect(try read.folder == model && read.folder.model().hash() == hash)
    }
  }

  /// The settings that web interfaces read of a picture: size and model stand among the settings.
  @Test func parametersOfWebInterfaces() throws {
    try Fixtures.temporaryFolder { folder in
      let lora = try change(folder).lora
      let toy = Fixtures.url("embeddings/webui.safetensors").path
      let model = ModelFolder(
        Fixtures.url("tiny-sd1").path, .init(loras: [lora.path], embeddings: ["\(toy):<toy>"]))
      var sampling = SamplingOptions()
      (sampling.steps, sampling.width, sampling.negative) = (1, 32, "a cat")
      let sample = SampleSet.Sample("0", 0, prompt: "a <toy>, Size: 1x1", seed: 5)
      let generate = Generate(ModelReference(model), sampling, [sample], batch: 1)
      let run = try Run(folder.appendingPathComponent("out"))
      let set = try generate(in: run, on: .cpu)
      let lines = try #require(PNG.text(of: set.url(sample))["parameters"]).split(separator: "\n")
      let height = try model.model().imageSize
      let hash = try model.model().hash().prefix(10)
      #expect(lines.prefix(2) == ["a <toy>, Size: 1x1", "Negative prompt: a cat"])
      #expect(
        lines.last == """
          Steps: 1, Sampler: ddim, CFG scale: 7.5, Seed: 5, Model: tiny-sd1, LoRA: style.safetensors, \
          Embeddings: webui.safetensors:<toy>, Size: 32x\(height), Model hash: \(hash), \
          Version: lethe \(Version.current)
          """)
      let stamp = try Data(contentsOf: set.url(sample))
      try generate(in: run, on: .cpu)
      let kept = try Data(contentsOf: set.url(sample))
      #expect(stamp == kept)
    }
  }

  /// Every cell of a grid is the picture of its row and column.
  @Test func grids() throws {
    try Fixtures.temporaryFolder { folder in
      let eraser = try change(folder).eraser.path
      let model = Fixtures.url("tiny-sd1").path
      var sampling = SamplingOptions()
      sampling.steps = 1
      var grid = try GenerateGrid(
        "strength,seed", prompts: ["a fox", "a cat"], seeds: [3, 4], strengths: [0, 2])
      grid.command = ["lethe", "generate", "a model"]
      let run = try Run(folder.appendingPathComponent("out"))
      let page = try grid(ModelReference(model, erasers: [eraser]), sampling, in: run, on: .cpu)
      let html = try String(contentsOf: page, encoding: .utf8)
      func picture(_ erasers: [String], _ seed: UInt64) throws -> Image {
        let sample = SampleSet.Sample("0", 0, prompt: "a fox", seed: seed)
        let place = try Run(folder.appendingPathComponent("one-\(erasers.count)-\(seed)"))
        let one = Generate(ModelReference(model, erasers: erasers), sampling, [sample], batch: 1)
        return try PNG.read(one(in: place, on: .cpu).url(sample))
      }
      var places: [String.Index] = []
      for (name, erasers) in [("erasers-0-0", []), ("erasers-2-0", ["\(eraser):2"])] {
        for (k, seed) in [UInt64(3), 4].enumerated() {
          let file = run.file("\(name)/0_\(k).png")
          #expect(try PNG.read(file) == picture(erasers, seed), "\(name) \(seed)")
          let data = try Data(contentsOf: file).base64EncodedString()
          places.append(try #require(html.range(of: data)).lowerBound)
        }
      }
      #expect(places == places.sorted() && Set(places).count == 4)
      let labels = try ["seed 3<", "seed 4<", "strength 0.0<", "strength 2.0<"].map {
        try #require(html.range(of: $0)).lowerBound
      }
      #expect(labels == labels.sorted())
      #expect(
        html.contains("lethe generate &#39;a model&#39;")
          || html.contains("lethe generate 'a model'"))
      let columns = try GenerateGrid("prompt,eraser", prompts: ["a fox"], seeds: [1], strengths: [])
      let other = try columns(
        ModelReference(model, erasers: [eraser]), sampling,
        in: Run(folder.appendingPathComponent("columns")), on: .cpu)
      #expect(try String(contentsOf: other, encoding: .utf8).contains(">fox.safetensors<"))
      for axes in ["prompt", "prompt,prompt", "prompt,steps", ""] {
        #expect(throws: LetheError.self) {
          try GenerateGrid(axes, prompts: [], seeds: [], strengths: [])
        }
      }
      #expect(throws: LetheError.self) {
        try grid(ModelReference(model), sampling, in: run, on: .cpu)
      }
    }
  }
}
