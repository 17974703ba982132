// What every method promises, checked on a tiny model for each entry of the catalog.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite(.serialized) struct MethodContractTests {
  static let names = MethodCatalog.builtIn.names
  /// Methods that train on pictures need a model that has learned some; DataMethodTests has one.
  static let promptBased = MethodCatalog.builtIn.all.filter { !($0 is any DataMethod.Type) }
    .map { $0.name }
  /// Methods that spare the concept's neighbours; Meta-Unlearning trains the whole network against fine-tuning and
  /// has tests of its own.
  static let sparing = promptBased.filter { $0 != MetaUnlearning.name }
  static func encoded(_ name: String) throws -> JSON {
    func encode<M: UnlearningMethod>(_ type: M.Type) throws -> JSON { try JSON(encoding: M()) }
    return try encode(MethodCatalog.builtIn.named(name))
  }
  static let erasure = Erasure(
    forget: [Concept("fox", replacement: "")], preserve: ["a cat", "an umbrella"])

  /// A method's own tiny settings, with a number of steps where it trains.
  static func tiny(_ name: String, steps: Int = 12) throws -> any UnlearningMethod {
    func make<M: UnlearningMethod>(_ type: M.Type) throws -> any UnlearningMethod {
      let tiny = M.tiny
      guard try JSON(encoding: tiny)["training"] != nil else { return tiny }
      let settings: JSON = ["training": ["steps": .int(steps)]]
      return try settings.laid(over: tiny, in: "settings of a test")
    }
    return try make(MethodCatalog.builtIn.named(name))
  }

  func erase(_ name: String, _ model: DiffusionModel, steps: Int = 12, seed: UInt64 = 1) throws
    -> ParameterVector
  {
    try Fixtures.temporaryFolder { folder in
      try Self.tiny(name, steps: steps).erase(
        Self.erasure, from: model, Run(folder, seed: seed)
      ).vector
    }
  }

  @Test(arguments: names) func configurationComesBack(_ name: String) throws {
    func check<M: UnlearningMethod>(_ type: M.Type) throws {
      let json = try JSON(encoding: M())
      #expect(try JSON(encoding: try json.decoded(as: M.self)) == json)
      #expect(!M.card.title.isEmpty && !M.card.paper.isEmpty && M.card.year > 2000)
    }
    try check(MethodCatalog.builtIn.named(name))
  }

  @Test(arguments: names) func theModelGivenIsUntouched(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let before = model.hash()
    let vector = try erase(name, model)
    #expect(model.hash() == before)
    #expect(model.parameters.tensors.values.allSatisfy { !$0.requiresGradient })
    #expect(vector.norm > 0)
    // What moves is what the method's options say, or cross-attention where they say nothing.
    let options = try Self.encoded(name)
    let selection = try ParameterSelection.named(options["parameters"]?.string ?? "xattn")
    let stray = vector.paths.filter { !selection.matches($0) }
    #expect(stray.isEmpty, "\(stray.prefix(3))")
    let finite = vector.tensors.values.filter { $0.isFinite }
    #expect(finite.count == vector.tensors.count)
  }

  @Test(arguments: names) func sameSeedSameIncrement(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd2"))
    let (a, b) = (try erase(name, model), try erase(name, model))
    #expect(a.paths == b.paths)
    for path in a.paths {
      #expect(a.tensors[path]?.isIdentical(to: try #require(b.tensors[path])) == true)
    }
  }

  /// What trains honours `training.bfloat16`: other bits, the same direction, weights in single precision.
  @Test(arguments: names) func bfloat16IsHonoured(_ name: String) throws {
    Runtime.threads = 1
    guard try Self.encoded(name)["training"] != nil else { return }
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    func erase(_ bfloat16: Bool) throws -> ParameterVector {
      func make<M: UnlearningMethod>(_ type: M.Type) throws -> any UnlearningMethod {
        let settings: JSON = ["training": ["steps": 2, "bfloat16": .bool(bfloat16)]]
        return try settings.laid(over: M.tiny, in: "settings of a test")
      }
      let method = try make(MethodCatalog.builtIn.named(name))
      return try Fixtures.temporaryFolder {
        try method.erase(Self.erasure, from: model, Run($0, seed: 1)).vector
      }
    }
    let (half, plain) = (try erase(true), try erase(false))
    #expect(half.tensors.values.allSatisfy { $0.dtype == .float32 && $0.isFinite })
    #expect((half - plain).norm > 0 && half.dot(plain) > 0.5 * half.norm * plain.norm)
  }

  @Test func zeroStepsZeroIncrement() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    #expect(try erase("esd", model, steps: 0).norm == 0)
  }

  /// The edited model's prediction for the concept moves towards the empty prompt's; the preserved
  /// prompt's moves less.
  @Test(arguments: sparing) func theConceptMovesMoreThanItsNeighbour(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let edited = try model.applying(try erase(name, model, steps: 60))
    let x = Tensor.randn([1, 4, 8, 8], Generator(seed: 4))
    func moved(_ prompt: String) -> Double {
      withoutGradients {
        let t = Tensor([500] as [Float])
        let a = model.predict(x, at: t, given: model.embed([prompt]))
        return a.distance(to: edited.predict(x, at: t, given: edited.embed([prompt])))
      }
    }
    #expect(moved("fox") > moved("a cat"))
  }

  @Test func unknownMethodNamesTheNearest() throws {
    let error = try #require(throws: LetheError.self) { try MethodCatalog.builtIn.named("edd") }
    #expect(error.description.contains("did you mean 'esd'"))
  }
}
