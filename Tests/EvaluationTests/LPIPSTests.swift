import Diffusion
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Evaluation

@Suite struct LPIPSTests {
  @Test(arguments: PerceptualNetwork.Kind.allCases)
  func lpips(_ kind: PerceptualNetwork.Kind) throws {
    let initial = try PerceptualNetwork(kind, .initial(Generator(seed: 0)))
    let shapes = Dictionary(
      uniqueKeysWithValues: initial.parameters.tensors.map { ($0.name, $1.shape) })
    var weights = Seeded.weights(shapes.filter { $0.key.hasPrefix("features.") }) { _, w in
      w.rank > 1 ? Seeded.scaled(w) : 0.1 * w
    }
    for (k, tap) in kind.taps.enumerated() {
      weights["lin\(k).model.1.weight"] =
        Tensor.randn([1, tap.channels, 1, 1], Generator(seed: UInt64(1000 + k))).abs()
    }
    let lpips = LPIPS(
      try PerceptualNetwork(
        kind, .tensors(Dictionary(uniqueKeysWithValues: weights.map { (ParameterPath($0), $1) }))))
    let (x, expected) = (
      Seeded.smooth(64, 64), try Measures.golden("lpips.\(kind.rawValue)").doubles
    )
    let taps = withoutGradients { lpips.taps(x, x.flipped(3)) }.map(\.item)
    #expect(taps.count == expected.count - 1)
    for (tap, value) in zip(taps, expected) { #expect(abs(tap - value) < 1e-5 * max(1, value)) }
    let total = try #require(expected.last)
    #expect(abs(lpips(x, x.flipped(3))[0] - total) < 1e-5 * max(1, total))
    #expect(lpips(x, x) == [0])
    let other = try DrawnPictures(x, prompts: ["b"])
    #expect(throws: LetheError.self) {
      try lpips.measure(DrawnPictures(x, prompts: ["a"]), reference: other)
    }
  }
}
