// CPU offload: the component that is on the device at each moment. The device is the CPU here, so a copy on it is told
// from the tensor at rest by its memory or by its numbers.
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Diffusion

@Suite struct OffloadTests {
  /// A model whose components come and go, beside the same one that stays.
  private func models(
    _ name: String = "tiny-sdxl", move: @escaping (Tensor) -> Tensor = { $0.cloned() }
  ) throws -> (staying: DiffusionModel, model: DiffusionModel, offload: Offload) {
    let staying = try DiffusionModel.load(Fixtures.url(name))
    let offload = Offload(move: move)
    let model = try DiffusionModel(
      staying.layout, staying.parameters.source { _ in false }, offload: offload)
    return (staying, model, offload)
  }

  private func latents(_ model: DiffusionModel) -> Tensor {
    .randn([1, 4, model.latentSize, model.latentSize], Generator(seed: 1))
  }

  /// Without gradients one component is there, the one that was used last, with all of its tensors.
  @Test func oneComponentIsThereAtATime() throws {
    let (staying, model, offload) = try models()
    func here() -> Set<String> {
      let copies = model.store.paths.filter { path in
        guard let own = model.store[path], let resting = staying.parameters[path] else {
          return true
        }
        return !own.sharesMemory(with: resting)
      }
      return Set(copies.map { String($0.components.first ?? "") })
    }
    func count(_ component: String) -> Int {
      model.store.paths.count { $0.components.first.map(String.init) == component }
    }
    #expect(offload.present == [] && here() == [])
    try withoutGradients {
      let c = model.embed(["a fox"])
      #expect(offload.present == ["text_encoder"])
      #expect(here() == ["text_encoder", "text_encoder_2"])
      _ = model.predict(latents(model), at: Tensor([Float(500)]), given: c)
      #expect(offload.present == ["unet"] && here() == ["unet"])
      _ = try model.codec.decode(latents(model))
      #expect(offload.present == ["vae"] && here() == ["vae"])
    }
    #expect(count("unet") > 10)
    // All weights rest where they are asked for.
    #expect(model.parameters.count == staying.parameters.count && here() == [])
  }

  /// Every weight that a layer reads is the one on the device: where those are larger by a hundredth, the pictures are
  /// those of a model with larger weights.
  @Test(arguments: ["tiny-sd1", "tiny-sdxl"]) func layersSeeTheDevice(_ name: String) throws {
    let (staying, model, _) = try models(name) { $0 * 1.01 }
    let larger = try staying.replacing(staying.parameters.tensors.mapValues { $0 * 1.01 })
    var options = SamplingOptions()
    options.steps = 2
    let prompts = (["a fox", "a cat"], [UInt64(1), 2])
    let pictures = try model.images(prompts.0, seeds: prompts.1, options)
    #expect(try pictures == larger.images(prompts.0, seeds: prompts.1, options))
    #expect(try pictures != staying.images(prompts.0, seeds: prompts.1, options))
  }

  /// In half precision the components come and go in half precision.
  @Test func halfPrecisionIsOffloaded() throws {
    let (staying, model, offload) = try models("tiny-sd1")
    var options = SamplingOptions()
    (options.steps, options.dtype) = (2, .bfloat16)
    let pictures = try model.images(["a fox"], seeds: [3], options)
    #expect(try pictures == staying.images(["a fox"], seeds: [3], options))
    #expect(model.drawer?.offload === offload && offload.present == ["vae"])
  }

  /// A component that was used while gradients are recorded stays, and a gradient is right after it has left.
  @Test func gradientsKeepComponents() throws {
    let (staying, model, offload) = try models("tiny-sd1")
    func loss(_ model: DiffusionModel) -> (Tensor, Tensor) {
      let words = withoutGradients { model.wordEmbeddings([model.tokens("a fox")]).cloned() }
      words.requiresGradient = true
      let y = model.predict(
        latents(model), at: Tensor([Float(500)]), given: model.encode(words))
      return (y.squared().mean(), words)
    }
    let (own, words) = loss(model)
    #expect(offload.present == ["text_encoder", "unet"])
    // The next step's table of words sends nothing away that a backward pass may read.
    _ = withoutGradients { model.wordEmbeddings([model.tokens("a cat")]) }
    #expect(offload.present == ["text_encoder", "unet"])
    _ = try withoutGradients { try model.codec.decode(latents(model)) }
    #expect(offload.present == ["unet", "vae"])
    _ = model.parameters
    #expect(offload.present == [])
    let (other, others) = loss(staying)
    let (a, b) = (gradients(of: own, with: [words])[0], gradients(of: other, with: [others])[0])
    #expect(a.abs().sum().item > 0 && a.isIdentical(to: b))
  }

  /// Models that are made of one share its device, a copy to train stays there, and one that is gone leaves nothing.
  @Test func derivedModelsShareTheDevice() throws {
    let (_, model, offload) = try models("tiny-sd1")
    var erased: DiffusionModel? = try model.replacing([:])
    _ = withoutGradients { model.embed(["a fox"]) }
    _ = withoutGradients { erased?.embed(["a fox"]) }
    #expect(offload.present == ["text_encoder"] && erased?.offload === offload)
    let whole = try model.whole()
    #expect(whole.offload == nil && whole !== model && offload.present == [])
    _ = withoutGradients { erased?.embed(["a fox"]) }
    erased = nil
    #expect(offload.present == [])
  }

  /// A thousand pictures of the decoder outweigh the tiny components, which are not there beside it.
  @Test func memoryIsToldByComponent() throws {
    let (_, model, _) = try models("tiny-sd1")
    func gigabytes(_ sentence: String, after words: String) throws -> Double {
      let rest = try #require(sentence.components(separatedBy: words + " ").dropFirst().first)
      return try #require(Double(rest.prefix { $0.isNumber || $0 == "." }))
    }
    let vae = model.store.root["vae"].tensors.reduce(0) { $0 + $1.byteCount }
    let pictures = 1000 * model.imageSize * model.imageSize * 5120
    let offloaded = model.offloadSentence(batch: 1000, computing: .float32)
    let decoding = try gigabytes(offloaded, after: "vae with pictures")
    #expect(abs(decoding - Double(vae + pictures) / 1e9) < 0.006)
    #expect(try gigabytes(offloaded, after: "at most") == decoding)
    #expect(
      offloaded.contains(/text encoding [0-9]+ [kM]B/) && offloaded.contains(/unet [0-9]+ [kM]B/))
    let weights = model.parameters.tensors.values.reduce(0) { $0 + $1.byteCount }
    let whole = model.memorySentence(batch: 1000)
    #expect(abs(try gigabytes(whole, after: "together") - Double(weights + pictures) / 1e9) < 0.006)
  }
}
