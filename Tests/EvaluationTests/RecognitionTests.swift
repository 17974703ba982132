import Diffusion
import TestSupport
import Testing
import Torch

@testable import Evaluation

struct RecognitionTests {
  /// Real pictures on a line, one apart; the last is 10 away. Quantile 0.99 of 101 distances is the 100th.
  @Test func farPicturesAreUnrecognised() throws {
    let places = (0..<100).map(Float.init) + [109]
    let known = Tensor(places.flatMap { [$0, 0] }, [101, 2])
    let recognition = try #require(Recognition(known))
    #expect(abs(recognition.limit - 1) < 1e-4)
    let asked = Tensor([50.5, 0.5, 50, 3, 109, 0, 200, 0] as [Float], [4, 2])
    #expect(recognition.unrecognised(asked) == [false, true, false, true])
    #expect(recognition.unrecognised(Tensor.zeros([0, 2])).isEmpty)
    #expect(Recognition(Tensor.zeros([19, 2])) == nil)
  }

  /// Outcomes by what was asked for, with the judge's probabilities; a broken picture is judged by nobody.
  @Test func verdicts() throws {
    let samples = [("fox", 0), ("fox", 1), ("cat", 0), ("cat", 1), ("owl", 0)].map { name, k in
      SampleSet.Sample(name, k, prompt: "a \(name)", seed: UInt64(k), subjects: ["object": name])
    }
    var judged = JudgedSet(
      asked: samples.prefix(4).map(\.subjects),
      seen: ["fox", "cat", "cat", "owl"].map { ["object": $0] }, features: Tensor.zeros([4, 1]))
    judged.beliefs = [0.9, 0.2, 0.1, 0.3].map { p in
      ["object": ["fox": p, "cat": 1 - p, "owl": 0.05]]
    }
    let set = try Fixtures.temporaryFolder { folder in
      try SampleSet.create(
        folder, .init(sampling: SamplingOptions(), model: "m", erasers: [], samples: samples))
    }
    let found = set.verdicts(
      "esd", (judged, Array(samples.prefix(4))), Forgotten(kind: "object", names: ["fox"]),
      unrecognised: [false, true, false, false], judge: "own:x")
    #expect(found.map(\.outcome) == [.cameBack, .stayedAway, .kept, .damaged, .broken])
    #expect(found[0].askedProbability == 0.9 && found[1].probability == 0.8)
    #expect(found[1].answer("object") == "cat, 80 %, like nothing it knows")
    #expect(found[4].answer("object") == "no answer")
    #expect(found[2].file.hasSuffix("/cat_0.png"))
  }
}
