import Diffusion
import TestSupport
import Testing
import Torch
import TorchNN

/// Computing blocks again gives the gradients of keeping everything.
@Suite struct RecomputeTests {
  /// Data-based methods draw whole timesteps, trajectories pass fractions.
  @Test(arguments: ["tiny-sd1", "tiny-sd2"], ["attn2", "unet", "text_encoder"])
  func gradientsAgree(_ kind: String, _ selected: String) throws {
    Runtime.threads = 1
    for t in [Tensor([981, 20] as [Float]), Tensor([981, 20] as [Float]).to(.int64)] {
      try check(kind, selected, t)
    }
  }

  private func check(_ kind: String, _ selected: String, _ t: Tensor) throws {
    let model = try DiffusionModel.load(Fixtures.url(kind))
    let paths = model.parameters.paths.filter {
      $0.components.contains(Substring(selected)) && $0.components.first != "vae"
    }
    let parameters = paths.compactMap { model.parameters[$0] }
    for parameter in parameters { parameter.requiresGradient = true }
    let x = Tensor.randn([2, 4, 8, 8], Generator(seed: 1))
    func both(_ recomputes: Bool) -> (Double, [Tensor]) {
      model.unet.recomputes = recomputes
      let loss = model.predict(x, at: t, given: model.embed(["a fox", "an owl"])).squared().mean()
      return (loss.item, gradients(of: loss, with: parameters))
    }
    let (plain, again) = (both(false), both(true))
    #expect(plain.0 == again.0)
    let norms = plain.1.map { $0.norm().item }
    #expect(norms.contains { $0 > 0 })
    for (i, norm) in norms.enumerated() {
      #expect(plain.1[i].distance(to: again.1[i]) <= 1e-5 * max(norm, 1e-3), "\(paths[i])")
    }
  }

  /// Gradients reach the factors that weights are made of, as a LoRA's are.
  @Test func gradientsReachBehindTheWeights() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let paths = model.parameters.paths.filter {
      $0.components.contains("attn1") && $0.name.hasSuffix("to_q.weight")
    }
    let g = Generator(seed: 2)
    let factors = paths.map { path -> (a: Tensor, b: Tensor) in
      let shape = model.parameters[path]?.shape ?? []
      return (Tensor.randn([2, shape[1]], g), Tensor.randn([shape[0], 2], g))
    }
    let leaves = factors.flatMap { [$0.a, $0.b] }
    for leaf in leaves { leaf.requiresGradient = true }
    let x = Tensor.randn([2, 4, 8, 8], g)
    func found(_ recomputes: Bool) throws -> [Tensor] {
      var changed: [ParameterPath: Tensor] = [:]
      for (path, factor) in zip(paths, factors) {
        changed[path] = model.parameters[path].map { $0 + factor.b.matmul(factor.a) }
      }
      let made = try model.replacing(changed)
      made.unet.recomputes = recomputes
      let c = withoutGradients { made.embed(["a fox", "an owl"]) }
      let loss = made.predict(x, at: Tensor([981, 20] as [Float]), given: c).squared().mean()
      return gradients(of: loss, with: leaves)
    }
    for (plain, again) in zip(try found(false), try found(true)) {
      let norm = plain.norm().item
      #expect(norm > 0 && plain.distance(to: again) <= 1e-5 * max(norm, 1e-3))
    }
  }
}
