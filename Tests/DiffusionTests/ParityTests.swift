// Against diffusers 0.42.1 and transformers 5 (scripts/golden/diffusion.py), single-threaded fp32.
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Diffusion

@Suite struct ParityTests {
  static let kinds = ["tiny-sd1", "tiny-sd2"]
  static let prompts = ["a noto emoji of a fox", "an umbrella, symbola style"]

  struct Pair {
    let model: DiffusionModel
    let golden: [String: Tensor]

    init(_ kind: String) throws {
      Runtime.threads = 1
      model = try DiffusionModel.load(Fixtures.url(kind))
      golden = try Fixtures.tensors("\(kind)/golden.safetensors")
    }
    func callAsFunction(_ name: String) throws -> Tensor { try #require(golden[name]) }
  }

  @Test(arguments: kinds) func components(_ kind: String) throws {
    let p = try Pair(kind)
    try withoutGradients {
      let ids = Self.prompts.flatMap { p.model.tokens($0).rows[0] }
      #expect(ids == (try p("ids")).ints)
      let hidden = p.model.embed(Self.prompts).hidden
      #expect(hidden.distance(to: try p("hidden")) < 1e-5)
      let c = Conditioning(try p("hidden"), pooled: nil)
      let output = p.model.predict(try p("x"), at: try p("t"), given: c)
      #expect(output.distance(to: try p("unet")) < 1e-5)
      let odd = p.model.predict(
        try p("x_odd"), at: (try p("t")).narrowed(0, 0, 1),
        given: Conditioning((try p("hidden")).narrowed(0, 0, 1), pooled: nil))
      #expect(odd.distance(to: try p("unet_odd")) < 1e-5)
      let (mean, logVariance) = try p.model.codec.posterior(try p("image"))
      #expect(mean.distance(to: try p("mean")) < 1e-5)
      #expect(logVariance.distance(to: try p("logvar")) < 1e-5)
      #expect(try p.model.codec.reconstruct(try p("x")).distance(to: try p("decoded")) < 1e-5)
    }
  }

  @Test(arguments: kinds, ["ddim", "ddpm", "pndm", "lms", "euler", "euler-a", "dpm++2m"])
  func samplers(_ kind: String, _ name: String) throws {
    let p = try Pair(kind)
    for spacing in ["default", "leading", "trailing", "linspace"] {
      var layout = p.model.layout
      if spacing == "default" { layout.scheduler["timestep_spacing"] = nil }
      if spacing != "default" { layout.scheduler["timestep_spacing"] = .string(spacing) }
      if spacing == "default", ["ddim", "ddpm", "pndm"].contains(name) {
        layout.scheduler = p.model.layout.scheduler
      }
      let model = try DiffusionModel(layout, p.model.parameters.source { _ in false })
      let sampler = try Samplers.named(name).init(model.schedule, steps: 20)
      let steps = Tensor(sampler.timesteps.map { Float($0) })
      #expect(steps.distance(to: try p("timesteps.\(name).\(spacing)")) < 1e-4, "\(spacing)")
      var options = SamplingOptions()
      (options.sampler, options.steps) = (name, 20)
      let c = withoutGradients { model.embed([Self.prompts[0]]) }
      let z = try model.latents(given: c, seeds: [3], options)
      let golden = try p("latents.\(name).\(spacing)")
      let scale = max(1, golden.abs().flattened().max(0).item)
      #expect(z.distance(to: golden) / scale < 1e-5, "\(spacing)")
    }
  }

  @Test(arguments: kinds) func rungeKuttaStart(_ kind: String) throws {
    let p = try Pair(kind)
    var layout = p.model.layout
    layout.scheduler["skip_prk_steps"] = false
    let model = try DiffusionModel(layout, p.model.parameters.source { _ in false })
    var options = SamplingOptions()
    (options.sampler, options.steps) = ("pndm", 20)
    let z = try model.latents(
      given: withoutGradients { model.embed([Self.prompts[0]]) }, seeds: [3], options)
    let golden = try p("latents.pndm.prk")
    #expect(z.distance(to: golden) / max(1, golden.abs().flattened().max(0).item) < 1e-4)
  }

  @Test(arguments: kinds, ["ddim", "pndm", "dpm++2m"])
  func images(_ kind: String, _ name: String) throws {
    let p = try Pair(kind)
    var options = SamplingOptions()
    (options.sampler, options.steps) = (name, 20)
    let images = try p.model.images(Self.prompts, seeds: [11, 12], options)
    let golden = try p("images.\(name)").to(.int32)
    for (i, image) in images.enumerated() {
      let mine = Tensor(image.pixels, [image.height, image.width, 3]).to(.int32)
      #expect(mine.distance(to: golden[0, at: i]) <= 1)
    }
  }
}
