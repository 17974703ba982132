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

@Suite struct ClassModelTests {
  static let names = MethodContractTests.names.filter {
    !MethodContractTests.promptBased.contains($0)
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

  /// tiny-ddpm after 120 steps on the three classes, so that it tells them apart.
  static func trained() throws -> DiffusionModel {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    return try Fixtures.temporaryFolder { folder in
      try ThreeClasses.data(folder)
      var method = FineTune()
      (method.training.steps, method.training.batch) = (120, 32)
      (method.training.learningRate, method.guarding.limit) = (3e-3, 0)
      var erasure = Erasure(forget: [Concept("no class")], preserve: ["bear", "bird", "cat"])
      erasure.retainImages = folder.path
      erasure.forgetImages = folder.path
      return try model.applying(method.erase(erasure, from: model, Run(folder, seed: 2)).vector)
    }
  }

  /// Every method raises the loss on the forgotten class more than on the others, and ascent raises it most. Descent on
  /// the forgotten class, a flipped sign, lowers it more.
  @Test func classes() throws {
    let model = try Self.trained()
    let before = model.hash()
    try Fixtures.temporaryFolder { folder in
      try ThreeClasses.data(folder)
      let images = try CaptionedImages(folder: folder)
      let forget = try LatentSet(images.filter { $0 == "bird" }, model)
      let retain = try LatentSet(images.filter { $0 != "bird" }, model)
      let losses = [Denoising(forget, model, batch: 96), Denoising(retain, model, batch: 96)]
      func values(_ model: DiffusionModel) throws -> [Double] {
        try losses.map { l in
          var step = Step(index: 0, seed: 3)
          return try withoutGradients { try l.loss(model, &step).item }
        }
      }
      let original = try values(model)
      for name in Self.names {
        let vector = try Self.erase(name, ThreeClasses.erasure(folder), model)
        #expect(model.hash() == before)
        #expect(vector.norm > 0 && vector.tensors.values.allSatisfy { $0.isFinite })
        let change = try zip(values(model.applying(vector)), original).map { $0 / $1 }
        #expect(change[0] > change[1], "\(name): \(change)")
        #expect(name != "ascent" || change[0] > 2, "\(change)")
      }
    }
  }

  /// One folder holds both sets; every class that is not forgotten can stand for what is.
  @Test func oneFolderIsToldApartByItsCaptions() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    try Fixtures.temporaryFolder { folder in
      try ThreeClasses.data(folder)
      var options = DataOptions()
      options.heldOutEvery = 4
      let sets = try options.sets(
        ThreeClasses.erasure(folder), model, Run(folder.appendingPathComponent("run"), seed: 1))
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
        try ThreeClasses.data(place, count: name == "forget" ? 2 : 6)
      }
      var erasure = Erasure(forget: [Concept("those pictures")])
      erasure.forgetImages = folder.appendingPathComponent("forget").path
      erasure.retainImages = folder.appendingPathComponent("keep").path
      var method = EraseDiff()
      (method.training.steps, method.training.batch, method.training.learningRate) = (30, 8, 2e-3)
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

  /// Methods that encode captions once cannot train what encodes them.
  @Test func textEncodersAreRefused() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    for name in Self.names where name != "retrain" {
      func make<M: UnlearningMethod>(_ type: M.Type) throws -> any UnlearningMethod {
        try JSON.object(["parameters": "text_encoders"]).laid(over: M.tiny, in: "a test")
      }
      let method = try make(MethodCatalog.builtIn.named(name))
      try Fixtures.temporaryFolder { folder in
        let error = #expect(throws: LetheError.self, "\(name)") {
          try method.erase(
            Erasure(forget: [Concept("fox")], preserve: ["a cat"]), from: model, Run(folder))
        }
        #expect(error?.sentence.contains("text_encoders") == true, "\(name)")
      }
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
}
