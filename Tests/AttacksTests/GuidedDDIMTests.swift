import Diffusion
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Attacks

@Suite struct GuidedDDIMTests {
  /// Step by step, a picture is DDIM's own: to the last step, whose level the schedule names, and away from what
  /// guidance pushes away from.
  @Test(arguments: ["tiny-sd1", "tiny-sdxl"], [false, true])
  func stepsAreThoseOfDDIM(_ kind: String, _ toOne: Bool) throws {
    Runtime.threads = 1
    let loaded = try DiffusionModel.load(Fixtures.url(kind))
    var layout = loaded.layout
    layout.scheduler["set_alpha_to_one"] = .bool(toOne)
    layout.scheduler["clip_sample"] = false
    let model = try DiffusionModel(layout, loaded.parameters.source { _ in false })
    for negative in [nil, "a cat"] as [String?] {
      var sampling = ProbeScene.sampling
      sampling.negative = negative
      try withoutGradients {
        let c = model.embed(["a fox"])
        let ddim = try GuidedDDIM(model, sampling)
        var (_, z) = try GuidedDDIM.noise(model, seeds: [3], sampling)
        for i in ddim.timesteps.indices {
          z = ddim.step(try ddim.predicted(model, z, i, given: c), from: i, to: i + 1)
        }
        let whole = try model.latents(given: c, seeds: [3], sampling)
        #expect(z.distance(to: whole) < 1e-4, "\(negative ?? "")")
      }
    }
  }
}
