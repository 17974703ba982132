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

  /// The original's pictures lie in pairs, 1 apart within a pair and 100 from pair to pair. A picture at its twin's
  /// place is measured by the other of the pair, as the original's own are.
  @Test func twinsAreLeftOut() throws {
    let places = (0..<120).map { Float($0 / 2 * 100 + $0 % 2) }
    func features(_ places: [Float]) -> Tensor {
      Tensor(places.flatMap { [$0, 0] }, [places.count, 2])
    }
    let drawings = places.indices.map { Recognition.Drawing("prompt \($0)", 7) }
    let recognition = try #require(Recognition(features(places), of: drawings))
    #expect(abs(recognition.limit - 1) < 1e-2)
    #expect(recognition.unrecognised(features(places), of: drawings).allSatisfy { !$0 })
    // Picture 0 moved 3 away from its pair: near to its twin at 0, far from all others.
    let moved = features([-1.5, 1.5])
    #expect(recognition.unrecognised(moved, of: [drawings[0], drawings[4]]) == [true, false])
    #expect(recognition.unrecognised(features([1]), of: [drawings[0]]) == [false])
    // Another seed of the prompt is no twin.
    #expect(
      recognition.unrecognised(features([-0.5]), of: [.init("prompt 0", 8)]) == [false])
    #expect(recognition.unrecognised(features([-0.5]), of: [drawings[0]]) == [true])
    // Copies of one drawing are one known picture.
    #expect(
      Recognition(Tensor.zeros([40, 2]), of: (0..<40).map { .init("a", UInt64($0 % 19)) }) == nil)
    // Up to 100 pictures an odd one sets the limit.
    let odd = (0..<99).map(Float.init) + [1099]
    let few = try #require(
      Recognition(features(odd), of: odd.indices.map { .init("p", UInt64($0)) }))
    #expect(abs(few.limit - 1001) < 1)
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
      "esd", (judged, Array(samples.prefix(4))), [Forgotten(kind: "object", names: ["fox"])],
      unrecognised: [false, true, false, false], judge: "own:x")
    #expect(found.map(\.outcome) == [.cameBack, .stayedAway, .kept, .damaged, .broken])
    #expect(found[0].askedProbability == 0.9 && found[1].probability == 0.8)
    #expect(found[1].answer("object") == "cat, 80 %, like nothing it knows")
    #expect(found[4].answer("object") == "no answer")
    #expect(found[2].file.hasSuffix("/cat_0.png") && found[2].kind == nil)
    // A wrong picture is damage where the original's was right; the second cat's was an owl, too, then right, then no picture.
    for (seen, outcome) in [("owl", JudgedPicture.Outcome.missedBefore), ("cat", .damaged)] {
      let original = JudgedSet(
        asked: judged.asked, seen: ["fox", "fox", "cat", seen].map { ["object": $0] },
        features: judged.features)
      let against = set.verdicts(
        "esd", (judged, Array(samples.prefix(4))), before: (original, Array(samples.prefix(4))),
        [Forgotten(kind: "object", names: ["fox"])], unrecognised: nil, judge: "own:x")
      #expect(
        against.map(\.outcome) == [.cameBack, .stayedAway, .kept, outcome, .broken], "\(seen)")
    }
    let broken = set.verdicts(
      "esd", (judged, Array(samples.prefix(4))),
      before: (judged.at([0, 1, 2]), Array(samples.prefix(3))),
      [Forgotten(kind: "object", names: ["fox"])], unrecognised: nil, judge: "own:x")
    #expect(broken[3].outcome == .missedBefore)
  }

  /// A forgotten object beside a forgotten style: each is judged by its kind, and one of them that is seen came back.
  @Test func verdictsOfTwoKinds() throws {
    let asked = [
      ("fox", "line"), ("fox", "noto"), ("cat", "line"), ("cat", "noto"), ("owl", "noto"),
    ]
    let samples = asked.map { object, style in
      SampleSet.Sample(
        "\(object)-\(style)", 0, prompt: "a \(style) \(object)", seed: 1,
        subjects: ["object": object, "style": style])
    }
    let seen = [
      ("cat", "line"), ("cat", "noto"), ("cat", "noto"), ("cat", "noto"), ("owl", "line"),
    ]
    let judged = JudgedSet(
      asked: samples.map(\.subjects), seen: seen.map { ["object": $0, "style": $1] },
      features: Tensor.zeros([5, 1]))
    var suite = PromptSuite(
      "s", JudgeQuestion(Forgotten(kind: "object", names: ["fox"]), classes: [:]), samples)
    suite.beside = Forgotten(kind: "style", names: ["line"])
    let set = try Fixtures.temporaryFolder { folder in
      try SampleSet.create(
        folder, .init(sampling: SamplingOptions(), model: "m", erasers: [], samples: samples))
    }
    let found = set.verdicts(
      "uce", (judged, samples), suite.groups, unrecognised: nil, judge: "own:x")
    #expect(found.map(\.outcome) == [.cameBack, .stayedAway, .stayedAway, .kept, .damaged])
    #expect(found.map(\.kind) == ["style", "object", "style", "object", "style"])
    // Damage of one kind counts where another kind was wrong before.
    let former = JudgedSet(
      asked: judged.asked,
      seen: judged.seen.enumerated().map { i, seen in
        i == 4 ? ["object": "cat", "style": "noto"] : seen
      }, features: judged.features)
    let against = set.verdicts(
      "uce", (judged, samples), before: (former, samples), suite.groups, unrecognised: nil,
      judge: "own:x")
    #expect(against[4].outcome == .damaged && against[4].kind == "style")
    // The original never forgot: its pictures show what was asked for, or not.
    let before = set.verdicts(
      "original", (judged, samples), suite.groups, unrecognised: nil, judge: "own:x")
    #expect(before.map(\.outcome) == [.shown, .missed, .missed, .shown, .missed])
    #expect(before[0].outcome.rawValue == "shows it")
    #expect(found[0].answer("object") == "line")
    #expect(suite.ofConcept == Array(samples[..<3]) && suite.others == Array(samples[3...]))
    // The fox in the noto style says nothing on what was kept of styles.
    let told = suite.groups.map { group in samples.filter { suite.tells(of: group, $0.subjects) } }
    #expect(told[0].map(\.caseNumber) == ["fox-line", "fox-noto", "cat-noto", "owl-noto"])
    #expect(told[1].map(\.caseNumber) == ["fox-line", "cat-line", "cat-noto", "owl-noto"])
  }
}
