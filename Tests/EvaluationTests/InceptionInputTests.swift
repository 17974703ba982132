import Diffusion
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Evaluation

@Suite struct InceptionInputTests {
  @Test func cleanResizing() throws {
    let x = InceptionInput.cleanFID(Seeded.smooth(64, 64))[0, at: 0]
    let picked = x.sliced(1, 0..<299, step: 50).sliced(2, 0..<299, step: 50)
    #expect(picked.distance(to: try Measures.golden("input.clean-fid")) < 1e-5)
  }

  /// The pixels that torchmetrics hands to its network, and those of T2IBenchmark's steps in PIL, whose rounding of 8-bit
  /// numbers is another one: a level of 255 in some of them.
  @Test(arguments: ["torchmetrics", "t2i-benchmark"]) func publishedSteps(_ profile: String) throws
  {
    let input = try #require(InceptionInput(rawValue: profile))
    let golden = try Fixtures.tensors("inception-inputs.safetensors")
      .filter { $0.key.hasPrefix(profile) }
    #expect(golden.count == 4)
    for (name, expected) in golden {
      let size = name.split(separator: ".").compactMap { Int($0) }
      let x = input(Seeded.smooth(size[0], size[1]))[0, at: 0]
      let picked = x.sliced(1, 0..<299, step: 50).sliced(2, 0..<299, step: 50)
      #expect(picked.shape == expected.shape)
      let level = profile == "t2i-benchmark" ? 2.0 / 255 : 0
      #expect(picked.distance(to: expected) < level + 1e-5, "\(name)")
      let mean = (picked - expected).abs().mean().item
      #expect(mean < level / 4 + 1e-5, "\(name): \(mean)")
    }
  }

  /// The middle square of a wide picture is taken, and each profile has numbers of its own.
  @Test func profilesDiffer() {
    let wide = Seeded.smooth(64, 96)
    let square = InceptionInput.t2iBenchmark(wide.narrowed(3, 16, 64))
    #expect(InceptionInput.t2iBenchmark(wide).isIdentical(to: square))
    let picture = Seeded.smooth(64, 64)
    let inputs = InceptionInput.allCases.map { $0(picture) }
    for (i, a) in inputs.enumerated() {
      for b in inputs[..<i] { #expect(a.distance(to: b) > 1e-3) }
    }
  }
}
