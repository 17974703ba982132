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
