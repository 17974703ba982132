import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Evaluation

@Suite struct JudgeTests {
  static let forgotten = Forgotten(kind: "object", names: ["fox"])
  static let question = JudgeQuestion(
    forgotten, classes: ["object": ["fox", "cat", "owl"], "style": ["noto"]])

  @Test func specifications() throws {
    #expect(try JudgeSpec(parsing: "clip:a/b:c") == JudgeSpec("clip", "a/b:c"))
    #expect(try JudgeSpec(parsing: "none").description == "none")
    for text in ["clip", "clip:", "none:x", "vit:folder", "klip:folder"] {
      #expect(throws: LetheError.self, "\(text)") { try JudgeSpec(parsing: text) }
    }
    let json = try JSONEncoder().encode([JudgeSpec("own", "j")])
    #expect(String(decoding: json, as: UTF8.self) == "[\"own:j\"]")
    #expect(try JSONDecoder().decode([JudgeSpec].self, from: json) == [JudgeSpec("own", "j")])
  }

  /// Templates of a file in the judge's folder, one a line, as lists are published.
  @Test func templatesInAFile() throws {
    try Fixtures.temporaryFolder { folder in
      let copy = folder.appendingPathComponent("clip")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-clip"), to: copy)
      func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: copy.appendingPathComponent(name))
      }
      func open() throws -> any Judge {
        try CLIPJudge.open(copy.path, asked: Self.question, on: .cpu)
      }
      try write(
        "{\"templates\": {\"object\": [\"a bad photo of a {name}.\", \"{a}\"]}}", "judge.json")
      let listed = try open()
      try write("{\"templates\": {\"object\": \"mine.txt\"}}", "judge.json")
      #expect(throws: LetheError.self) { try open() }
      try write("a bad photo of a {}.\r\n\n {a}\n", "mine.txt")
      let read = try open()
      #expect(read.about.templates == listed.about.templates)
      #expect(read.about.templates?.contains("object: the judge's, 2") == true)
      let width = try listed.features(Tensor.zeros([1, 3, 32, 32]), of: []).size(1)
      let some = Tensor.randn([2, width], Generator(seed: 1))
      #expect(read.logits(some, "object").floats == listed.logits(some, "object").floats)
      // The list is one of the files that decide the answers.
      try write("a good photo of a {}.\n{a}\n", "mine.txt")
      #expect(try open().about.hash != read.about.hash)
      for text in ["", "a photo\n"] {
        try write(text, "mine.txt")
        #expect(throws: LetheError.self) { try open() }
      }
      try write("{\"templates\": {\"object\": \"../mine.txt\"}}", "judge.json")
      #expect(throws: LetheError.self) { try open() }
    }
  }

  @Test func zeroShot() throws {
    Runtime.threads = 1
    let clip = try CLIPModel.load(Fixtures.url("tiny-clip"))
    var question = Self.question
    question.templates = ["object": ["a photo of {a}", "{name}"]]
    let judge = try CLIPJudge(clip, question)
    #expect(judge.classes == ["object": ["fox", "cat", "owl"]], "one class has no rival")
    let pictures = Tensor.rand([3, 3, 32, 32], Generator(seed: 3)) * 2 - 1
    var told: [[Int]] = []
    let judged = try judge.judged(pictures, asked: Array(repeating: ["object": "fox"], count: 3)) {
      told.append([$0, $1])
    }
    #expect(told == [[0, 3], [3, 3]])
    // By hand: the mean of unit vectors, made a unit vector again.
    let vectors = withoutGradients {
      Tensor.concatenate(
        [("a fox", "fox"), ("a cat", "cat"), ("an owl", "owl")].map { with, name in
          let mean = clip.textVectors(["a photo of \(with)", name]).mean(0, keepDimensions: true)
          return mean / mean.norm()
        })
    }
    let images = withoutGradients { clip.imageVectors(clip.processor(pictures)) }
    let expected = withoutGradients {
      (images.matmul(vectors.transposed(0, 1)) * clip.logitScale.exp()).softmax(1)
    }
    for i in 0..<3 {
      let belief = judged.beliefs[i]["object"] ?? [:]
      for (k, name) in ["fox", "cat", "owl"].enumerated() {
        #expect(abs((belief[name] ?? -1) - expected[0, at: i][0, at: k].item) < 1e-5)
      }
    }
    let cosines = judge.cosines(judged.features, ["fox", "cat", "owl"])
    let own = withoutGradients { clip.textVectors(["cat"]) }
    #expect(abs(cosines[1] - images[0, at: 1].dot(own[0, at: 0]).item) < 1e-5)
  }

  /// A subject that the judge has no class for counts in no rate: neither as kept nor as lost.
  @Test func subjectsWithoutAClassAreUnasked() throws {
    Runtime.threads = 1
    let judge = try CLIPJudge(CLIPModel.load(Fixtures.url("tiny-clip")), Self.question)
    let pictures = Tensor.rand([3, 3, 32, 32], Generator(seed: 3)) * 2 - 1
    let asked = [["object": "owl"], ["object": "chair"], ["style": "mosaic", "object": "owl"]]
    let judged = try judge.judged(pictures, asked: asked)
    #expect(judged.asked == [["object": "owl"], [:], ["object": "owl"]])
    let fox = Forgotten(kind: "object", names: ["fox"])
    let kept = InDomainRetainAccuracy().measure(judged, forgotten: fox, reference: nil)
    #expect(kept?.n == 2)
    #expect(CrossDomainRetainAccuracy().measure(judged, forgotten: fox, reference: nil) == nil)
    let samples = asked.enumerated().map {
      SampleSet.Sample("\($0)", 0, prompt: "p\($0)", seed: 0, subjects: $1)
    }
    let set = try Fixtures.temporaryFolder { folder in
      try SampleSet.create(
        folder, .init(sampling: SamplingOptions(), model: "m", erasers: [], samples: samples))
    }
    for label in ["esd", "original"] {
      let found = set.verdicts(
        label, (judged, samples), [fox], unrecognised: nil, judge: "clip:x")
      #expect(found.map { $0.outcome == .unasked } == [false, true, false])
    }
  }

  @Test func aJudgeWithoutTheClassIsRefused() throws {
    var card = JudgeNetwork.Card(heads: ["object": ["cat", "owl", "foxes"]])
    (card.widths, card.size) = ([4, 8], 16)
    try Fixtures.temporaryFolder { folder in
      try JudgeNetwork(card, .initial(Generator(seed: 1))).save(to: folder, card: card)
      #expect {
        try JudgeSpec("own", folder.path).open(asked: Self.question, on: .cpu)
      } throws: { error in
        "\(error)".contains("no class 'fox'") && "\(error)".contains("'foxes'")
      }
    }
  }

  @Test func labelsOfAClassifier() throws {
    Runtime.threads = 1
    let classifier = try ImageClassifier(Fixtures.url("tiny-vit"))
    func labels(_ name: String) -> [Int] {
      ClassLabels.labels(of: name, in: classifier.labels)
    }
    // A synonym, a style with underscores, an artist within a label, a thing that several labels are.
    #expect(labels("church") == [1] && labels("warm love") == [7] && labels("Van Gogh") == [2])
    #expect(labels("fox") == [9] && labels("cat") == [10] && labels("owl") == [])
    // A label of a longer name that is asked about too is none of the shorter one's.
    let bears = ClassLabels(
      ["brown bear", "polar bear, Ursus", "great polar bear"],
      JudgeQuestion(
        Forgotten(kind: "object", names: ["bear"]), classes: ["object": ["bear", "polar bear"]]))
    #expect(bears.classes["object"] == ["bear", "polar bear", "label: great polar bear"])
    #expect(ClassLabels.labels(of: "bear", in: ["brown bear", "polar bear"]) == [0, 1])
    var question = Self.question
    question.classes = ["object": ["fox", "tabby", "owl"]]
    let judge = ClassifierJudge(classifier, question, name: "vit", hash: "")
    let features = try judge.features(Tensor.zeros([1, 3, 32, 32]), of: [])
    let logits = judge.logits(features, "object")
    #expect(judge.classes["object"]?.prefix(2) == ["fox", "tabby"])
    #expect(logits.shape == [1, 11] && abs(logits.exp().sum().item - 1) < 1e-5)
    #expect(abs(logits[1, at: 0].item - features.logSoftmax(1)[1, at: 9].item) < 1e-5)
    #expect(throws: LetheError.self) {
      try JudgeSpec("classifier", Fixtures.url("tiny-vit").path).open(
        asked: JudgeQuestion(
          Forgotten(kind: "object", names: ["owl"]), classes: ["object": ["owl", "cat"]]),
        on: .cpu)
    }
  }

  @Test func scoresOfElsewhere() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("scores.csv")
      try Data(
        """
        file,label,score
        run/original/a_0.png,fox,0.9
        run/original/a_0.png,cat,0.1
        erased/a_0.png,fox,0.2
        erased/a_0.png,cat,0.7

        """.utf8
      ).write(to: file)
      let judge = try JudgeSpec("scores", file.path).open(asked: Self.question, on: .cpu)
      let pictures = Tensor.zeros([2, 3, 4, 4])
      let asked = [["object": "fox"], ["object": "fox"]]
      let judged = try judge.judged(
        pictures, asked: asked, of: ["original/a_0.png", "erased/a_0.png"])
      #expect(judged.seen == [["object": "fox"], ["object": "cat"]])
      #expect(abs((judged.probability(1, "object") ?? 0) - 0.2 / 0.9) < 1e-6)
      #expect {
        try judge.judged(pictures, asked: asked, of: ["original/a_0.png", "erased/b_7.png"])
      } throws: { "\($0)".contains("erased/b_7.png") }
      #expect(throws: LetheError.self) { try judge.judged(pictures, asked: asked) }
      try Data("file,label,score\na.png,cat,1\n".utf8).write(to: file)
      #expect(throws: LetheError.self) {
        try JudgeSpec("scores", file.path).open(asked: Self.question, on: .cpu)
      }
      try Data("file,label,score\na.png,fox,high\n".utf8).write(to: file)
      #expect { try JudgeSpec("scores", file.path).open(asked: Self.question, on: .cpu) } throws: {
        "\($0)".contains("line 2")
      }
    }
  }

  /// A set in which `right` of the concept's pictures show it, and `wrong` of the others.
  static func set(_ right: Int, of n: Int, wrong: Int, of m: Int) -> (JudgedSet, [String]) {
    let asked = (0..<(n + m)).map { ["object": $0 < n ? "fox" : "cat"] }
    let seen = (0..<(n + m)).map { i in
      ["object": i < n ? (i < right ? "fox" : "cat") : (i < n + wrong ? "fox" : "cat")]
    }
    return (
      JudgedSet(asked: asked, seen: seen, features: Tensor.zeros([n + m, 1])),
      (0..<(n + m)).map { "prompt \($0)" }
    )
  }

  @Test func qualityOfAJudge() throws {
    let (good, prompts) = Self.set(38, of: 40, wrong: 2, of: 40)
    let quality = try #require(JudgeQuality(good, prompts: prompts, Self.forgotten))
    #expect(quality.seen.value == 0.95 && quality.falsePositives.value == 0.05)
    #expect(quality.balancedAccuracy.value == 0.95)
    // Newcombe's bounds of 38 of 40 twice.
    let lower = try #require(Interval.wilson(38, of: 40)).lower
    let expected = 0.95 - (2 * (0.95 - lower) * (0.95 - lower)).squareRoot() / 2
    #expect(abs((quality.balancedAccuracy.interval?.lower ?? 0) - expected) < 1e-9)
    #expect(quality.standing == .tells)
    let (blind, others) = Self.set(20, of: 40, wrong: 18, of: 40)
    let poor = try #require(JudgeQuality(blind, prompts: others, Self.forgotten))
    #expect(poor.standing == .cannotTell)
    #expect(poor.sentence("clip:x").contains("cannot tell"))
    // A judge that sees the concept everywhere is no better than one that never does.
    let (everywhere, all) = Self.set(40, of: 40, wrong: 40, of: 40)
    #expect(JudgeQuality(everywhere, prompts: all, Self.forgotten)?.standing == .cannotTell)
    let (few, some) = Self.set(10, of: 10, wrong: 0, of: 10)
    let small = try #require(JudgeQuality(few, prompts: some, Self.forgotten))
    #expect(small.standing == .unknown)
    #expect(small.tooFew == "too few pictures (20 of 40) to measure the judge")
    // Two pictures of the concept blame no judge, a perfect one least of all; a blind one is blind on few as well.
    let (two, both) = Self.set(2, of: 2, wrong: 0, of: 60)
    let perfect = try #require(JudgeQuality(two, prompts: both, Self.forgotten))
    #expect(perfect.standing == .unknown)
    #expect(
      perfect.sentence("own:x").hasPrefix(
        "own:x: too few pictures of the concept (2 of 20) to measure the judge."))
    let twoPrompts = (0..<40).map { "prompt \($0 % 2)" } + (0..<40).map { "other \($0)" }
    let (often, _) = Self.set(40, of: 40, wrong: 0, of: 40)
    let repeated = try #require(JudgeQuality(often, prompts: twoPrompts, Self.forgotten))
    #expect(
      repeated.standing == .unknown && repeated.tooFew == "too few prompts to measure the judge")
    let (never, all5) = Self.set(0, of: 5, wrong: 0, of: 60)
    #expect(JudgeQuality(never, prompts: all5, Self.forgotten)?.standing == .cannotTell)
    let (one, single) = Self.set(5, of: 5, wrong: 0, of: 0)
    #expect(JudgeQuality(one, prompts: single, Self.forgotten) == nil)
  }

  @Test func ratesAndPairedChanges() {
    let (before, prompts) = Self.set(36, of: 40, wrong: 0, of: 20)
    let (after, _) = Self.set(4, of: 40, wrong: 5, of: 20)
    let rates = ConceptRates(
      before, after, prompts: prompts, Self.forgotten, classes: ["fox", "cat"],
      distances: ["cat": .far])
    let shown = rates.shown()
    #expect(shown.map(\.metric) == ["shown-original", "shown", "shown-change"])
    #expect(shown.map(\.value) == [0.9, 0.1, -0.8])
    #expect(rates.kept().map(\.value) == [1, 0.75, -0.25])
    #expect(rates.kept(.far).map(\.n) == [20, 20, 20])
    #expect(rates.kept(.near).isEmpty)
    // A judge without a class for cats says nothing on them.
    let blind = ConceptRates(
      before, after, prompts: prompts, Self.forgotten, classes: ["fox"], distances: [:])
    #expect(blind.kept().isEmpty)
  }

  /// Other weights in a shard make another judge.
  @Test(arguments: ["tiny-clip", "tiny-vit"]) func shardsAreHashed(_ name: String) throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      let copy = folder.appendingPathComponent("judge")
      try FileManager.default.copyItem(at: Fixtures.url(name), to: copy)
      let scheme = name == "tiny-clip" ? "clip" : "classifier"
      let tensors = try SafeTensors(contentsOf: copy.appendingPathComponent("model.safetensors"))
        .tensors
      try SafeTensors.writeSharded(tensors, stem: "model", in: copy, largest: 4000)
      func hash() throws -> String {
        let judge = try JudgeSpec(scheme, copy.path).open(asked: Self.question, on: .cpu)
        return judge.about.hash
      }
      let before = try hash()
      #expect(try hash() == before)
      let index = copy.appendingPathComponent("model.safetensors.index.json")
      let shard = try #require(SafeTensors.shards(of: index).last)
      let part = try SafeTensors(contentsOf: shard).tensors
      try SafeTensors.write(part.mapValues { $0 + 0.5 }, to: shard)
      #expect(try hash() != before)
    }
  }

  /// A classifier's `judge.json` describes it, as another judge's does.
  @Test func aClassifierIsDescribed() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      let copy = folder.appendingPathComponent("vit")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-vit"), to: copy)
      func about() throws -> JudgeDescription {
        try JudgeSpec("classifier", copy.path).open(asked: Self.question, on: .cpu).about
      }
      let plain = try about()
      #expect(plain.licence == nil && plain.preprocessing?.contains("image_mean") == true)
      let text = #"{"sees": "ten things", "licence": "MIT", "threshold": 0.4}"#
      try Data(text.utf8).write(to: copy.appendingPathComponent("judge.json"))
      let told = try about()
      #expect(told.sees == "ten things" && told.licence == "MIT" && told.threshold == 0.4)
      #expect(told.hash != plain.hash)
    }
  }

  /// A judge without any class of the forgotten kind is admitted where it has the other kind's, for those alone.
  @Test func aJudgeOfTheOtherKindIsAdmitted() throws {
    let labels = ["Cats", "Dogs", "Trees"]
    let style = Forgotten(kind: "style", names: ["Van Gogh"])
    let both = JudgeQuestion(
      style, classes: ["style": ["Van Gogh", "Monet"], "object": ["Cats", "Dogs"]])
    #expect(ClassLabels(labels, both).classes == ["object": ["Cats", "Dogs", "label: Trees"]])
    var card = JudgeNetwork.Card(heads: ["object": labels])
    (card.widths, card.size) = ([4, 8], 16)
    try Fixtures.temporaryFolder { folder in
      try JudgeNetwork(card, .initial(Generator(seed: 1))).save(to: folder, card: card)
      let spec = JudgeSpec("own", folder.path)
      #expect(try spec.open(asked: both, on: .cpu).seesOnlyOthers(both))
      // Without the other kind's subjects among the prompts, or with none of its own, it stays refused.
      for classes in [
        ["style": ["Van Gogh"]], ["style": ["Van Gogh"], "object": ["Cars", "Sea"]],
      ] {
        #expect(throws: LetheError.self) {
          try spec.open(asked: JudgeQuestion(style, classes: classes), on: .cpu)
        }
      }
    }
  }

  /// OpenAI's short list goes by its name.
  @Test func publishedTemplates() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      let copy = folder.appendingPathComponent("clip")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-clip"), to: copy)
      try Data(#"{"templates": {"object": "openai-7"}}"#.utf8).write(
        to: copy.appendingPathComponent("judge.json"))
      let judge = try CLIPJudge.open(copy.path, asked: Self.question, on: .cpu)
      #expect(judge.about.templates?.contains("object: openai-7, 7") == true)
    }
  }

  /// On 40 pictures or more the lower bound decides, however few of them are of the concept; only where a judge without
  /// a fault would not reach it the question stays open.
  @Test func theLowerBoundDecides() throws {
    func standing(_ right: Int, _ n: Int, _ wrong: Int, _ m: Int) throws -> JudgeQuality.Standing {
      let (set, prompts) = Self.set(right, of: n, wrong: wrong, of: m)
      return try #require(JudgeQuality(set, prompts: prompts, Self.forgotten)).standing
    }
    #expect(try standing(11, 15, 2, 50) == .tells)
    #expect(try standing(8, 15, 1, 50) == .cannotTell)
    #expect(try standing(3, 3, 0, 60) == .tells)
    #expect(try standing(2, 2, 0, 60) == .unknown)
    #expect(try standing(8, 15, 1, 20) == .unknown)
    // A wide interval excuses no judge: one without a fault reaches 77.7 % on 5 and 35.
    #expect(try standing(4, 5, 2, 35) == .cannotTell)
    #expect(try standing(5, 5, 16, 35) == .cannotTell)
    #expect(try standing(5, 5, 0, 35) == .tells)
    let (set, prompts) = Self.set(4, of: 5, wrong: 2, of: 35)
    let quality = try #require(JudgeQuality(set, prompts: prompts, Self.forgotten))
    #expect(abs((quality.balancedAccuracy.interval?.lower ?? 0) - 0.650) < 5e-4)
    #expect(abs((quality.reachable ?? 0) - 0.777) < 5e-4)
    // Records of before, without that bound, keep their rule.
    let fields = try JSON(encoding: quality).members?.filter { $0.key != "reachable" }
    let old = try JSON.object(#require(fields)).decoded(as: JudgeQuality.self)
    #expect(old.reachable == nil && old.standing == .unknown)
  }

  /// Prompts with several pictures count once in the bound that a judge without a fault reaches, and a quick run's
  /// judge that is always right tells: 15 pictures of 5 prompts, 50 others of 50 prompts or of ten.
  @Test(arguments: [(5, 50, true), (5, 10, true), (3, 50, true), (2, 50, false)])
  func promptsBoundTheFaultless(_ own: Int, _ others: Int, _ tells: Bool) throws {
    let (set, _) = Self.set(15, of: 15, wrong: 0, of: 50)
    let prompts = (0..<15).map { "a \($0 % own)" } + (0..<50).map { "b \($0 % others)" }
    let quality = try #require(JudgeQuality(set, prompts: prompts, Self.forgotten))
    #expect(quality.standing == (tells ? .tells : .unknown))
    #expect(quality.reachable == quality.balancedAccuracy.interval?.lower)
    // A worse judge on as many prompts is held to the same bound.
    let (wrong, _) = Self.set(12, of: 15, wrong: 10, of: 50)
    let poor = try #require(JudgeQuality(wrong, prompts: prompts, Self.forgotten))
    #expect(poor.reachable == quality.reachable)
    #expect(poor.standing == (tells ? .cannotTell : .unknown))
    // An accuracy under the limit is never excused.
    let (blind, _) = Self.set(15, of: 15, wrong: 50, of: 50)
    #expect(
      JudgeQuality(blind, prompts: prompts, Self.forgotten)?.standing == .cannotTell)
  }

  /// A judge of the other kind is held to the original's CRA, by the lower bound of its interval.
  @Test func judgesOfTheOtherKindAreMeasured() throws {
    let style = Forgotten(kind: "style", names: ["noto"])
    func quality(_ right: Int, of n: Int, prompts: Int? = nil) -> OtherKindQuality? {
      let asked = (0..<n).map { _ in ["style": "line", "object": "fox"] }
      let seen = (0..<n).map { ["object": $0 < right ? "fox" : "cat"] }
      return OtherKindQuality(
        JudgedSet(
          asked: asked, seen: seen, features: Tensor.zeros([n, 1]),
          prompts: (0..<n).map { "\($0 % (prompts ?? n))" }), style)
    }
    // Wilson's lower bounds: 14 of 20 48.1 %, 15 of 20 53.1 %, 3 of 3 43.9 %, 4 of 4 51.0 %.
    #expect(quality(14, of: 20)?.standing == .cannotTell)
    #expect(quality(15, of: 20)?.standing == .tells)
    #expect(quality(3, of: 3)?.standing == .unknown && quality(4, of: 4)?.standing == .tells)
    #expect(quality(20, of: 20, prompts: 2)?.standing == .unknown)
    let text = try #require(quality(14, of: 20)?.sentence("own:x"))
    #expect(text.hasPrefix("This judge cannot tell: of own:x, it sees the right subject"))
    #expect(text.contains("of 20 pictures of the original") && text.contains("at least 50 %"))
    #expect(
      OtherKindQuality(
        JudgedSet(asked: [["style": "line"]], seen: [[:]], features: Tensor.zeros([1, 1])), style)
        == nil)
  }
}
