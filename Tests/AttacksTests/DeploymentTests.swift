import Diffusion
import Editing
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Attacks

@Suite struct DeploymentTests {
  @Test func weightsInUse() throws {
    let w = Tensor.randn([4, 6], Generator(seed: 1))
    let scale = w.abs().max(1, keepDimensions: true) / 127
    let rounded = Deployment.rounded(w)
    #expect(((rounded - w).abs() - 0.5 * scale).flattened().max(0).item < 1e-6)
    let whole = rounded / scale
    #expect((whole - whole.rounded()).abs().flattened().max(0).item < 1e-3)
    let pruned = Deployment.pruned(w, 0.25)
    #expect(pruned.equals(0).to(.float32).sum().item == 6)
    let kept = pruned.equals(0).not.to(.float32)
    #expect((pruned - w * kept).abs().flattened().max(0).item == 0)
    #expect(
      pruned.abs().flattened().sorted()[0, at: 6].item > w.abs().flattened().sorted()[0, at: 5].item
    )
    let (original, _, target) = try ProbeScene.pair()
    var session = try Deployment().session(ProbeScene.prompts, WeightsTarget(target), seed: 0)
    var rounds = 0
    var last: DiffusionModel?
    var variants: [String?] = []
    while let attempt = try session.next([0])[0] {
      rounds += 1
      variants.append(attempt.variant)
      last = session.model
    }
    #expect(rounds == 6)
    #expect(variants.first == "weights of 8 bits")
    #expect(variants.last == "0.5 of the original's weights averaged in")
    // The last round is half of the original.
    let path = try #require(
      original.parameters.paths.first { $0.name.contains("attn2") && $0.name.hasSuffix("weight") })
    let (a, b) = (original.parameters[path], last?.parameters[path])
    #expect(a.flatMap { x in b.map { $0.distance(to: x * -0.25) } } ?? 1 < 1e-6)
  }

  /// Prompts go through the text encoder of the changed model, and not through the victim's.
  @Test func textEncodersInUse() throws {
    let (original, other, target) = try ProbeScene.pair()
    var weights: [ParameterPath: Tensor] = [:]
    for (path, tensor) in other.parameters.tensors where path.name.hasPrefix("text_encoder") {
      weights[path] = tensor * 1.5
    }
    let changed = try other.replacing(weights)
    let attempts = ProbeScene.prompts.attempts([0]).values.map(\.self)
    try withoutGradients {
      let own = try target.conditioning(for: attempts).hidden
      #expect(own.distance(to: original.embed(ProbeScene.prompts.map(\.prompt)).hidden) == 0)
      let found = try target.conditioning(for: attempts, by: changed).hidden
      #expect(found.distance(to: changed.embed(ProbeScene.prompts.map(\.prompt)).hidden) == 0)
      let drawn = try target.images(of: attempts, by: changed, ProbeScene.sampling)
      let expected = try changed.images(
        ProbeScene.prompts.map(\.prompt), seeds: [3], ProbeScene.sampling)
      #expect(drawn == expected)
    }
  }
}
