// Whole steps on the device `rehearsal`, where a tensor of the CPU beside one of the device is an error, as on a GPU.
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Diffusion

@Suite struct RehearsalTests {
  static let models = [
    "tiny-sd1": ["a fox", "a cat"], "tiny-sd2": ["a fox", "a cat"], "tiny-sdxl": ["a fox", ""],
    "tiny-ddpm": ["bear", "cat"], "tiny-ddpm-flat": ["", ""],
  ]

  /// The mistake is found in every kind of operator, also in products of matrices and in places that are read from.
  @Test func mixedDevicesAreErrors() throws {
    let device = try Device(parsing: "rehearsal")
    let (here, there) = (Tensor.ones([2, 2]), Tensor.ones([2, 2], on: device))
    for (name, overload) in [
      ("add", "Tensor"), ("mm", ""), ("matmul", ""), ("maximum", ""),
    ] {
      let op = try Operator.find("aten::\(name)", overload)
      #expect(throws: Fault.self, "\(name)") { try op.call([here, there]) }
      #expect(throws: Fault.self, "\(name)") { try op.call([there, here]) }
    }
    let places = Tensor([1, 0])
    #expect(throws: Fault.self) {
      try Operator.find("aten::index_select").call([there, 0, places])
    }
    #expect(throws: Fault.self) {
      try Operator.find("aten::cat").call([[there, here], 0])
    }
    #expect(throws: Fault.self) {
      try Operator.find("aten::randn", "generator").call([
        [2], Generator(seed: 1), DType.float32, Int?.none, device,
      ])
    }
    // A GPU takes single numbers of the CPU where an operator works number by number.
    #expect((there + Tensor.scalar(1)).floats == [2, 2, 2, 2])
    #expect((there * 3).matmul(there).floats == [6, 6, 6, 6])
  }

  /// Waiting is counted: where numbers are read, where a large tensor comes from the machine, and where a size depends
  /// on numbers. Small tensors go to a GPU by themselves.
  @Test func waitsAreCounted() throws {
    let device = try Device(parsing: "rehearsal")
    func waits(_ body: () -> Void) -> Int {
      let before = HostCopies.waits
      body()
      return HostCopies.waits - before
    }
    let x = Tensor.ones([3], on: device)
    #expect(waits { _ = x + 1 } == 0)
    #expect(waits { _ = x.sum().item } == 1)
    #expect(waits { _ = x.floats } == 1)
    #expect(waits { _ = x.to(.cpu) } == 1)
    #expect(waits { _ = x.isFinite } == 1)
    #expect(waits { _ = Tensor([1, 2]).to(device) } == 0)
    #expect(waits { _ = Tensor.zeros([1 << 19]).to(device) } == 1)
    #expect(waits { _ = Tensor.zeros([1 << 19]).uploaded(to: device) } == 0)
    // Numbers that go to the device are counted with their bytes, and those that it makes itself are not.
    let before = DeviceCopies.now
    _ = Tensor([1, 2] as [Float]).to(device)
    #expect(DeviceCopies.now - before == DeviceCopies(writes: 1, uploads: 1, bytes: 8))
    _ = Tensor.zeros([3, 5], on: device) + 1
    _ = x.to(.cpu)
    #expect(DeviceCopies.now - before == DeviceCopies(waits: 1, writes: 1, uploads: 1, bytes: 8))
  }

  /// Every sampler of the catalog steps on the device to the CPU's numbers, also with dynamic thresholding. It waits
  /// for nothing, and nothing goes to the device but the noise.
  @Test(arguments: Samplers.all.map { $0.name }, [false, true])
  func samplers(_ name: String, _ thresholds: Bool) throws {
    Runtime.threads = 1
    let device = try Fixtures.gpu()
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var options = SamplingOptions()
    (options.steps, options.sampler) = (4, name)
    var config = model.schedule.config
    config["thresholding"] = .bool(thresholds)
    guard let sampler = try? Samplers.make(options, NoiseSchedule(config)) else { return }
    func end(on device: Device) -> (x: Tensor, copies: DeviceCopies, draws: Int) {
      var (sampler, draws) = (sampler, 0)
      let g = Generator(seed: 2)
      var x = Tensor.randn([2, 4, 8, 8], Generator(seed: 1)).to(device) * sampler.initialScale
      let before = DeviceCopies.now
      for i in sampler.timesteps.indices {
        x = sampler.step(0.1 * sampler.input(x, i), i, x) {
          draws += 1
          return Tensor.randn([2, 4, 8, 8], g).to(device)
        }
      }
      return (x, DeviceCopies.now - before, draws)
    }
    let (here, there) = (end(on: .cpu), end(on: device))
    let noise = DeviceCopies(uploads: there.draws, bytes: there.draws * 2 * 4 * 8 * 8 * 4)
    #expect(there.x.device == device && there.copies.isWithin(noise), "\(there.copies)")
    #expect(there.x.to(.cpu).distance(to: here.x) <= 1e-5)
  }

  /// Prompts, the denoising network with guidance and the codec, of each kind of model: the CPU's pictures. A step
  /// waits for nothing, and nothing goes to the device in it.
  @Test(arguments: models.keys.sorted()) func pictures(_ kind: String) throws {
    Runtime.threads = 1
    let device = try Fixtures.gpu()
    var options = SamplingOptions()
    // The passes of the network from the second on are recorded.
    (options.steps, options.guidance) = (5, 3)
    func drawn(on device: Device) throws -> (
      latents: Tensor, images: [Image], copies: [DeviceCopies]
    ) {
      let model = try DiffusionModel.load(Fixtures.url(kind), on: device)
      let c = withoutGradients { model.embed(Self.models[kind] ?? []) }
      var copies: [DeviceCopies] = []
      let z = try model.latents(given: c, seeds: [1, 2], options) { _, _ in
        copies.append(DeviceCopies.now)
      }
      return (z, try model.images(given: c, seeds: [1, 2], options), copies)
    }
    let (here, there) = (try drawn(on: .cpu), try drawn(on: device))
    #expect(there.latents.device == device)
    #expect(there.latents.to(.cpu).distance(to: here.latents) <= 1e-3)
    #expect(there.copies.count == 5 && there.copies.allSatisfy { $0 == there.copies[0] })
    for (a, b) in zip(here.images, there.images) {
      #expect(a.tensor.distance(to: b.tensor) <= 0.02)
    }
  }

  /// Word embeddings become a prompt's states, and SDXL's pooled vector, without a wait. So attacks on tokens are
  /// recorded.
  @Test(arguments: ["tiny-sd1", "tiny-sd2", "tiny-sdxl"]) func encodingWaitsForNothing(
    _ kind: String
  ) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url(kind), on: Fixtures.gpu())
    let words = withoutGradients {
      model.wordEmbeddings(["a fox", "a long prompt of a fox"].map(model.tokens))
    }
    words.requiresGradient = true
    let before = HostCopies.waits
    let c = model.encode(words)
    let loss =
      c.hidden.squared().mean() + (c.pooled.map { $0.squared().mean() } ?? 0 * c.hidden.sum())
    _ = gradients(of: loss, with: [words])
    #expect(HostCopies.waits == before)
    #expect((c.pooled != nil) == (kind == "tiny-sdxl"))
  }

  /// The pass backward runs in a thread of the device, also where blocks are computed again.
  @Test(arguments: ["tiny-sd1", "tiny-sd2", "tiny-sdxl"], [false, true]) func gradientsAgree(
    _ kind: String, _ recomputes: Bool
  ) throws {
    Runtime.threads = 1
    func found(on device: Device) throws -> [Tensor] {
      let model = try DiffusionModel.load(Fixtures.url(kind), on: device)
      model.unet.recomputes = recomputes
      let tensors = model.parameters.paths.filter {
        $0.components.contains("attn2") || $0.components.first == "text_encoder"
      }.compactMap { model.parameters[$0] }
      for tensor in tensors { tensor.requiresGradient = true }
      let x = Tensor.randn([2, 4, 8, 8], Generator(seed: 1)).to(device)
      let t = Tensor([981, 20] as [Float]).to(device)
      let loss = model.predict(x, at: t, given: model.embed(["a fox", "an owl"])).squared().mean()
      return gradients(of: loss, with: tensors)
    }
    let (here, there) = (try found(on: .cpu), try found(on: Fixtures.gpu()))
    let largest = here.map { $0.norm().item }.max() ?? 0
    #expect(largest > 0)
    for (a, b) in zip(here, there) { #expect(b.to(.cpu).distance(to: a) <= 1e-3 * largest) }
  }
}
