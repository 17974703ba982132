import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

/// Methods that train on pictures, on the embedded model.
@Suite struct DataMethodTests {
  static let folder = Fixtures.package.appendingPathComponent("Models/emoji")
  static let erasure = Erasure(
    forget: [
      Concept(
        "fox", phrases: [.init("a noto emoji of a fox", words: "fox", anchor: "a noto emoji")])
    ],
    preserve: ["a noto emoji of a bus", "a line emoji of a key"])

  static func small(_ data: inout DataOptions, _ training: inout Training) {
    (data.forget, data.retain, data.steps) = (2, 4, 4)
    (training.steps, training.batch, training.learningRate, training.logEvery) = (8, 4, 8e-4, 1)
  }

  /// The fox comes nearer to what stands for it, and moves more than what is kept.
  @Test func eraseDiffForgetsSubjectToKeeping() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Self.folder)
    try Fixtures.temporaryFolder { folder in
      var method = EraseDiff()
      Self.small(&method.data, &method.training)
      (method.parameters, method.guarding.limit) = ("xattn", 0)
      let run = try Run(folder, seed: 1)
      let vector = try method.erase(Self.erasure, from: model, run).vector
      let events = run.events().filter { $0["lambda"]?.number != nil }
      #expect(events.count == 8 && events.allSatisfy { ($0["lambda"]?.number ?? -1) >= 0 })
      let edited = try model.applying(vector)
      let x = Tensor.randn([1, 16, 8, 8], Generator(seed: 4))
      func predict(_ m: DiffusionModel, _ prompt: String) -> Tensor {
        withoutGradients {
          m.predict(x, at: Tensor([800] as [Float]), given: m.embed([prompt]))
        }
      }
      func gap(_ a: Tensor, _ b: Tensor) -> Double { (a - b).squared().mean().item }
      let target = predict(model, "a noto emoji")
      let fox = "a noto emoji of a fox"
      let before = gap(predict(model, fox), target)
      #expect(gap(predict(edited, fox), target) < 0.8 * before)
      let bus = "a noto emoji of a bus"
      #expect(gap(predict(edited, bus), predict(model, bus)) < 0.5 * before)
    }
  }

  /// Pictures of a person's own with captions as people write them: in any case, with punctuation, by no template.
  static func peoplesFolder(_ folder: URL) throws {
    let captions = [
      "A Fox, in snow", "the red FOX!", "a cat on a mat", "two cats and a bus", "a bus",
    ]
    for (i, caption) in captions.enumerated() {
      let g = Generator(seed: UInt64(i))
      // No square either.
      let image = Image(Tensor.randn([1, 3, 16, 24], g).clamped(-1, 1))
      try PNG.write(image, to: folder.appendingPathComponent("\(i).png"))
      try Data(caption.utf8).write(to: folder.appendingPathComponent("\(i).txt"))
    }
  }

  @Test(
    arguments: MethodCatalog.builtIn.all.filter { $0 is any DataMethod.Type }.map { $0.name })
  func peoplesCaptions(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let concept = try Concept.resolve(
      "a fox", in: nil, replacement: nil, ConceptWording(kind: .object))
    var erasure = Erasure(forget: [concept], preserve: ["a cat"])
    try Fixtures.temporaryFolder { folder in
      let pictures = folder.appendingPathComponent("pictures")
      try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
      try Self.peoplesFolder(pictures)
      (erasure.forgetImages, erasure.retainImages) = (pictures.path, pictures.path)
      let run = try Run(folder.appendingPathComponent("run"), seed: 1)
      let sets = try DataOptions.tiny.sets(erasure, model, run)
      #expect(sets.forget.captions == ["A Fox, in snow", "the red FOX!"])
      #expect(sets.retain.captions.count == 3 && sets.forget.shares.isEmpty)
      for (own, other) in zip(sets.forget.captions, sets.others) {
        #expect(own != other && !other.mentions("fox"), "\(other)")
      }
      let vector = try MethodContractTests.tiny(name, steps: 2).erase(erasure, from: model, run)
        .vector
      #expect(vector.norm > 0 && vector.tensors.values.allSatisfy(\.isFinite))
    }
  }

  /// A folder with more pictures of one concept than of another is drawn from evenly.
  @Test func conceptsOfAFolderGetTheirShare() {
    let captions = ["a cat", "a cat and a bus", "Cat!", "a bus"]
    let concepts = [Concept("cat"), Concept("bus")]
    #expect(DataOptions.shares(of: concepts, in: captions) == [[0, 1, 2], [1, 3]])
    #expect(DataOptions.shares(of: concepts, in: ["a cat", "a bus"]).isEmpty)
    #expect(DataOptions.shares(of: [concepts[0]], in: captions).isEmpty)
    // Pictures to forget whose captions name neither are drawn as well.
    let more = captions + ["at night"]
    #expect(DataOptions.shares(of: concepts, in: more) == [[0, 1, 2], [1, 3], [4]])
  }

  /// `one` gives all pictures of a concept the same wrong label, which the seed chooses; `each` draws for every picture.
  @Test func wrongLabels() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var fox = Concept("fox")
    fox.siblings = ["owl", "cat", "bus"]
    func labels(_ kind: DataOptions.WrongLabels, seed: UInt64) throws -> [String] {
      try Fixtures.temporaryFolder { folder in
        var options = DataOptions.tiny
        (options.labels, options.forget, options.steps) = (kind, 8, 1)
        return try options.sets(
          Erasure(forget: [fox], preserve: ["a cat"]), model, Run(folder, seed: seed)
        ).others
      }
    }
    let one = try (1...6).map { Set(try labels(.one, seed: $0)) }
    #expect(one.allSatisfy { $0.count == 1 } && Set(one).count > 1)
    #expect(try Set(labels(.each, seed: 1)).count > 1)
    #expect(one.joined().allSatisfy { !$0.contains("fox") })
  }

  /// Replay is shown without its caption as often as the pictures of other methods are.
  @Test func replayWithoutCaptions() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    func vector(_ share: Double) throws -> ParameterVector {
      try Fixtures.temporaryFolder { folder in
        var method = SelectiveAmnesia.tiny
        (method.data.emptyShare, method.training.steps) = (share, 1)
        return try method.erase(
          Erasure(forget: [Concept("fox")], preserve: ["a cat"]), from: model, Run(folder)
        ).vector
      }
    }
    let (with, without) = (try vector(0), try vector(1))
    #expect((with - without).norm > 0)
  }

  /// Plain ascent needs nothing to keep.
  @Test func ascentAlone() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try Fixtures.temporaryFolder { folder in
      var method = GradientAscent.tiny
      (method.alpha, method.training.steps) = (0, 2)
      let vector = try method.erase(Erasure(forget: [Concept("fox")]), from: model, Run(folder))
        .vector
      #expect(vector.norm > 0)
    }
  }

  @Test func nothingToKeepIsRefused() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try Fixtures.temporaryFolder { folder in
      var method = EraseDiff()
      Self.small(&method.data, &method.training)
      let error = try #require(throws: LetheError.self) {
        try method.erase(Erasure(forget: [Concept("fox")]), from: model, Run(folder))
      }
      #expect(error.description.contains("--retain-images"))
    }
  }

  /// The half that moves has the largest |sum_b g_b|, the sum of the gradients of l_f with their signs; weight decay does
  /// not move the other one.
  @Test(arguments: [0, 0.5]) func salUnMovesTheSalientHalf(_ decay: Double) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try Fixtures.temporaryFolder { folder in
      var method = SalUn()
      Self.small(&method.data, &method.training)
      (method.training.steps, method.saliencySteps, method.guarding.limit) = (2, 3, 0)
      (method.parameters, method.training.optimizer.weightDecay) = ("xattn", decay)
      let erasure = Erasure(forget: [Concept("fox")], preserve: ["a cat"])
      let run = try Run(folder, seed: 2)
      let vector = try method.erase(erasure, from: model, run).vector

      let student = try model.clone()
      let paths = ParameterSelection.crossAttention.paths(of: student.parameters)
      let tensors = paths.compactMap { student.parameters[$0] }
      for tensor in tensors { tensor.requiresGradient = true }
      let loss = Denoising(
        try method.data.forgetSet(erasure, model, run), model, batch: method.training.batch)
      var total = tensors.map { Tensor.zeros($0.shape) }
      for i in 0..<3 {
        var step = Step(index: i, seed: run.seed &+ 11)
        total = zip(total, gradients(of: try loss.loss(student, &step), with: tensors)).map {
          $0 + $1
        }
      }
      let scores = total.flatMap { $0.abs().flattened().floats }
      let threshold = scores.sorted(by: >)[scores.count / 2 - 1]
      let moved = paths.flatMap { vector.tensors[$0]?.flattened().floats.map { $0 != 0 } ?? [] }
      #expect(moved.count == scores.count)
      let stray = zip(moved, scores).filter { $0 && $1 < threshold }
      let still = zip(moved, scores).filter { !$0 && $1 >= threshold }
      #expect(stray.isEmpty && still.count < scores.count / 50, "\(stray.count) \(still.count)")
    }
  }
}
