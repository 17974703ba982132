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

  /// Every method moves the loss that its formula names the right way: on the pictures to forget, towards another class's
  /// prediction, or on those to keep. Neighbouring methods move it the other way, so a flipped sign fails.
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
      let edited = try model.applying(vector)
      let images = try CaptionedImages(folder: folder)
      let forget = try LatentSet(images.filter { $0 == "bird" }, model)
      let retain = try LatentSet(images.filter { $0 != "bird" }, model)
      let others = forget.captions.indices.map { $0 % 2 == 0 ? "bear" : "cat" }
      let losses: [(String, any Objective)] = [
        ("forget", Denoising(forget, model, batch: 96)),
        ("retain", Denoising(retain, model, batch: 96)),
        (
          "relabel",
          try Surrogate(forget, .relabel, others: others, model, batch: 96).pooled(
            96, from: model, seed: 5)
        ),
      ]
      for (which, l) in losses {
        func loss(_ model: DiffusionModel) throws -> Double {
          var step = Step(index: 0, seed: 3)
          return try withoutGradients { try l.loss(model, &step).item }
        }
        print("DIRECTION", name, which, try loss(model), try loss(edited))
      }
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
}
