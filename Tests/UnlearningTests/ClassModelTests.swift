// Methods that train on data, on models with classes and without any.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite(.serialized) struct ClassModelTests {
  static let names = MethodContractTests.names.filter {
    !MethodContractTests.promptBased.contains($0)
  }

  /// Three classes of 8 x 8 pictures: noise around black, grey and white.
  static func data(_ folder: URL, count: Int = 12) throws {
    let noise = Tensor.rand([3 * count, 8, 8], Generator(seed: 1)) * 60
    let level = Tensor((0..<(3 * count)).map { Float($0 % 3) * 90 }).reshaped(3 * count, 1, 1)
    try NPY.write((noise + level).to(.uint8), to: folder.appendingPathComponent("images.npy"))
    let labels = Tensor((0..<(3 * count)).map { $0 % 3 }, [3 * count])
    try NPY.write(labels, to: folder.appendingPathComponent("labels.npy"))
    try Data("bear\nbird\ncat\n".utf8).write(to: folder.appendingPathComponent("classes.txt"))
  }

  static func erasure(_ folder: URL) -> Erasure {
    var erasure = Erasure(forget: [Concept("bird")], preserve: ["bear", "cat"])
    (erasure.forgetImages, erasure.retainImages) = (folder.path, folder.path)
    return erasure
  }

  static func erase(_ name: String, _ erasure: Erasure, _ model: DiffusionModel) throws
    -> ParameterVector
  {
    try Fixtures.temporaryFolder { folder in
      try MethodContractTests.tiny(name, steps: 8).erase(
        erasure, from: model, Run(folder, seed: 1)
      ).vector
    }
  }

  @Test(arguments: names) func classes(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let before = model.hash()
    try Fixtures.temporaryFolder { folder in
      try Self.data(folder)
      let erasure = Self.erasure(folder)
      let vector = try Self.erase(name, erasure, model)
      #expect(model.hash() == before)
      #expect(vector.norm > 0 && vector.tensors.values.allSatisfy { $0.isFinite })
      let again = try Self.erase(name, erasure, model)
      #expect((vector - again).norm == 0)
    }
  }

  /// One folder holds both sets; every class that is not forgotten can stand for what is.
  @Test func oneFolderIsToldApartByItsCaptions() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    try Fixtures.temporaryFolder { folder in
      try Self.data(folder)
      var options = DataOptions()
      options.heldOutEvery = 4
      let sets = try options.sets(
        Self.erasure(folder), model, Run(folder.appendingPathComponent("run"), seed: 1))
      #expect(sets.forget.captions == Array(repeating: "bird", count: 9))
      #expect(sets.retain.count == 18 && !sets.retain.captions.contains("bird"))
      #expect(Set(sets.others) == ["bear", "cat"])
    }
  }

  /// Forgetting pictures of an unconditional model: towards noise, because there is no other caption.
  @Test func unconditional() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm-flat"))
    try Fixtures.temporaryFolder { folder in
      for name in ["forget", "keep"] {
        let place = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try Self.data(place, count: name == "forget" ? 2 : 6)
      }
      var erasure = Erasure(forget: [Concept("those pictures")])
      erasure.forgetImages = folder.appendingPathComponent("forget").path
      erasure.retainImages = folder.appendingPathComponent("keep").path
      var method = EraseDiff()
      (method.training.steps, method.training.batch, method.training.learningRate) = (60, 8, 1e-3)
      (method.guarding.limit, method.surrogate, method.eta) = (0, .noise, 1)
      let run = try Run(folder.appendingPathComponent("run"), seed: 1)
      let edited = try model.applying(method.erase(erasure, from: model, run).vector)
      // The loss towards noise has fallen on what is forgotten.
      let gone = try LatentSet(
        CaptionedImages(folder: folder.appendingPathComponent("forget")).captioned(""), model)
      func loss(_ model: DiffusionModel) throws -> Double {
        var step = Step(index: 0, seed: 3)
        let l = Surrogate(gone, .noise, others: gone.captions, model, batch: 64)
        return try withoutGradients { try l.loss(model, &step).item }
      }
      #expect(try loss(edited) < 0.9 * loss(model))

      method.surrogate = .relabel
      let other = try Run(folder.appendingPathComponent("other"), seed: 1)
      let error = try #require(throws: LetheError.self) {
        try method.erase(erasure, from: model, other)
      }
      #expect(error.description.contains("noise"))
    }
  }

  @Test func textMethodsAreRefused() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    for name in ["uce", "sepme", "esd"] {
      #expect(throws: (any Error).self, "\(name)") {
        try Self.erase(name, Erasure(forget: [Concept("bird")], preserve: ["cat"]), model)
      }
    }
  }

  /// Retraining begins with new weights.
  @Test func retrainBeginsAnew() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    try Fixtures.temporaryFolder { folder in
      try Self.data(folder)
      var method = Retrain()
      method.training.steps = 0
      let run = try Run(folder.appendingPathComponent("run"), seed: 4)
      let fresh = try model.applying(method.erase(Self.erasure(folder), from: model, run).vector)
      let expected = try model.initial(seed: run.seed &+ 9)
      for path in expected.parameters.paths {
        let (a, b) = (try #require(fresh.parameters[path]), try #require(expected.parameters[path]))
        #expect(a.distance(to: b) < 1e-5)
      }
      let unet = try model.initialUNet(seed: run.seed &+ 9)
      #expect(unet.count == expected.parameters.paths.count)
      #expect(unet.allSatisfy { expected.parameters[$0]?.isIdentical(to: $1) == true })
    }
  }

  /// Trimming begins the tenth anew that has the largest |theta| sum_b |g_b|, and leaves the rest.
  @Test func scissorhandsTrimsTheSensitive() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    try Fixtures.temporaryFolder { folder in
      try Self.data(folder)
      let erasure = Self.erasure(folder)
      var method = Scissorhands()
      (method.training.steps, method.training.batch, method.sparsity) = (0, 4, 0.9)
      method.pruneBatches = 3
      let run = try Run(folder.appendingPathComponent("cut"), seed: 4)
      let cut = try method.erase(erasure, from: model, run).vector

      let student = try model.clone()
      let paths = ParameterSelection.unet.paths(of: student.parameters)
      let tensors = paths.compactMap { student.parameters[$0] }
      for tensor in tensors { tensor.requiresGradient = true }
      let loss = Denoising(try method.data.forgetSet(erasure, model, run), model, batch: 4)
      var sums = tensors.map { Tensor.zeros($0.shape) }
      for b in 0..<3 {
        var step = Step(index: b, seed: run.seed &+ 11)
        sums = zip(sums, gradients(of: try loss.loss(student, &step), with: tensors)).map {
          $0 + $1.abs()
        }
      }
      let scores = zip(tensors, sums).flatMap { ($0.detached().abs() * $1).flattened().floats }
      let threshold = scores.sorted(by: >)[Int(0.1 * Double(scores.count)) - 1]
      let fresh = try model.initial(seed: run.seed &+ 9)
      var i = 0
      for path in paths {
        let change = try #require(cut.tensors[path]).flattened().floats
        let (old, new) = (
          try #require(model.parameters[path]).flattened().floats,
          try #require(fresh.parameters[path]).flattened().floats
        )
        for j in change.indices {
          let expected = scores[i] >= threshold ? new[j] - old[j] : 0
          #expect(abs(change[j] - expected) < 1e-5)
          i += 1
        }
      }
    }
  }

  /// Each method moves its own loss the way it says: on fixed draws, of weights before and after.
  @Test(arguments: [
    "ascent", "erasediff", "salun", "randomlabel", "munba", "amnesia", "scissorhands", "finetune",
    "retrain",
  ])
  func everyMethodFollowsItsLoss(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    try Fixtures.temporaryFolder { folder in
      try Self.data(folder)
      let erasure = Self.erasure(folder)
      let settings: JSON = ["training": ["steps": 40, "batch": 8, "learningRate": 2e-3]]
      func make<M: UnlearningMethod>(_ type: M.Type) throws -> any UnlearningMethod {
        try settings.laid(over: M.tiny, in: "settings of a test")
      }
      let method = try make(MethodCatalog.builtIn.named(name))
      let run = try Run(folder.appendingPathComponent("run"), seed: 1)
      let edited = try model.applying(method.erase(erasure, from: model, run).vector)
      let sets = try DataOptions().sets(
        erasure, model, Run(folder.appendingPathComponent("sets"), seed: 1))
      /// The loss of the edited model as a share of the original's.
      func ratio(_ objective: any Objective, to other: DiffusionModel? = nil) throws -> Double {
        func loss(_ model: DiffusionModel) throws -> Double {
          var step = Step(index: 0, seed: 3)
          return try withoutGradients { try objective.loss(model, &step).item }
        }
        return try loss(edited) / loss(other ?? model)
      }
      let forgotten = sets.remembering(64)
      let kept = Denoising(sets.retain, model, batch: 64)
      switch name {
      case "ascent": #expect(try ratio(forgotten) > 1.02 && ratio(forgotten) > ratio(kept))
      case "erasediff", "salun", "randomlabel", "munba":
        // Towards the original's prediction for the other classes, which is not what the class's own was.
        let surrogate = try Surrogate(
          sets.forget, .relabel, others: sets.others, model, batch: 64
        ).pooled(64, from: model, seed: 5)
        #expect(try ratio(surrogate) < 0.95)
      case "amnesia":
        // Pictures of the empty class under the forgotten one's name.
        let instead = try LatentSet(
          drawnBy: model, Array(repeating: "", count: 16), steps: 4, guidance: 1, seed: 2
        ).captioned(Array(repeating: "bird", count: 16))
        #expect(try ratio(Denoising(instead, model, batch: 64)) < 1)
      case "scissorhands", "finetune": #expect(try ratio(kept) < 1)
      default: #expect(try ratio(kept, to: model.initial(seed: run.seed &+ 9)) < 0.95)
      }
    }
  }

  /// L = alpha L_r - L_f, on the batches that a step draws in that order.
  @Test func ascentIsItsFormula() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    try Fixtures.temporaryFolder { folder in
      try Self.data(folder)
      let erasure = Self.erasure(folder)
      var method = GradientAscent()
      method.training.batch = 6
      func found(_ alpha: Double) throws -> Double {
        method.alpha = alpha
        let run = try Run(folder.appendingPathComponent("run"), seed: 1)
        var step = Step(index: 0, seed: 3)
        return try withoutGradients {
          try method.objective(erasure, original: model, run).loss(model, &step).item
        }
      }
      let sets = try method.data.sets(
        erasure, model, Run(folder.appendingPathComponent("run"), seed: 1))
      try withoutGradients {
        var step = Step(index: 0, seed: 3)
        let f = try sets.remembering(6).loss(model, &step).item
        let r = try sets.retaining(6).loss(model, &step).item
        #expect(f > 0 && r > 0)
        #expect(abs(try found(0) + f) < 1e-5)
        #expect(abs(try found(0.5) - (0.5 * r - f)) < 1e-5)
      }
    }
  }

  /// Selective Amnesia's F of a network that predicts b everywhere: g_t = 2 (d b - sum eps) / d over the d numbers of a
  /// picture, so that F = (2 T b)^2 + 4 T / d.
  @Test(arguments: [(0.02, 1000), (-0.1, 1000), (-0.1, 100)]) func fisherInformationOfAKnownModel(
    _ b: Double, _ times: Int
  ) throws {
    Runtime.threads = 1
    let flat = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let (weight, bias) = (
      ParameterPath("unet.conv_out.weight"), ParameterPath("unet.conv_out.bias")
    )
    let offset = Tensor([Float(b)])
    let model = try flat.replacing([
      weight: Tensor.zeros(try #require(flat.parameters[weight]).shape), bias: offset,
    ])
    offset.requiresGradient = true
    var method = SelectiveAmnesia()
    (method.fisherPictures, method.fisherTimes, method.picturesInPass) = (16, times, 40)
    let set = LatentSet(Tensor.zeros([2, 1, 8, 8]), captions: ["bird", "cat"])
    try Fixtures.temporaryFolder { folder in
      let found = try method.fisher(set, model, [offset], seed: 7, Run(folder))[0].item
      let expected = (2 * 1000 * b) * (2 * 1000 * b) + 4 * 1000 / 64
      #expect(abs(found / expected - 1) < 0.2, "\(found) \(expected)")
    }
  }
}
