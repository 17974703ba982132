// The promises of every method, checked on a tiny model for each entry of the catalog.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct MethodContractTests {
  static let names = MethodCatalog.builtIn.names
  /// Methods that train on pictures need a model that has learned some; EraseDiffTests has one.
  static let promptBased = MethodCatalog.builtIn.all.filter { !($0 is any DataMethod.Type) }
    .map { $0.name }
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

  /// Reads of tensors' numbers in a step, where they are more than four. Numbers of random draws, which are made
  /// on the CPU on every device, count as well.
  static let mostReads = [
    "advunlearn": 10, "meta": 17, "erasediff": 6, "amnesia": 6, "scissorhands": 5, "munba": 6,
  ]

  /// The training of 3 steps that the tests of this suite look at.
  static let steps = 3

  static func erase(_ name: String, _ erasure: Erasure, _ model: DiffusionModel, _ run: Run)
    throws -> ParameterVector
  {
    func settings<M: UnlearningMethod>(_ type: M.Type) throws -> any UnlearningMethod {
      guard try JSON(encoding: M.tiny)["training"] != nil else { return M.tiny }
      let settings: JSON = ["training": ["steps": .int(steps), "saveEvery": 2]]
      return try settings.laid(over: M.tiny, in: "settings of a test")
    }
    return try settings(MethodCatalog.builtIn.named(name)).erase(erasure, from: model, run).vector
  }

  @Test(arguments: names) func configurationComesBack(_ name: String) throws {
    func check<M: UnlearningMethod>(_ type: M.Type) throws {
      let json = try JSON(encoding: M())
      #expect(try JSON(encoding: try json.decoded(as: M.self)) == json)
      #expect(!M.card.title.isEmpty && !M.card.paper.isEmpty && M.card.year > 2000)
    }
    try check(MethodCatalog.builtIn.named(name))
  }

  /// On a model without themes.json: the model given stays as it is, only the declared weights move, by finite numbers;
  /// and a run that was killed after a saved state goes on to the same bits.
  @Test(arguments: names) func contract(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let before = model.hash()
    try Fixtures.temporaryFolder { folder in
      let cut = folder.appendingPathComponent("cut")
      let run = try Run(folder.appendingPathComponent("whole"), seed: 1)
      // Reads up to each step's end. No state is saved between the first and the second.
      var reads: [Int] = []
      run.onProgress = { p in
        if p.total == Self.steps, p.stage.hasPrefix(name) { reads.append(HostCopies.reads) }
        // The state of step 2 is on disk by then.
        guard p.total == Self.steps, p.done == 3 else { return }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: run.folder.path)) ?? []
        guard files.contains(where: { $0.hasSuffix("state.safetensors") }) else { return }
        try? FileManager.default.copyItem(at: run.folder, to: cut)
      }
      let vector = try Self.erase(name, Self.erasure, model, run)
      #expect(model.hash() == before)
      #expect(model.parameters.tensors.values.allSatisfy { !$0.requiresGradient })
      let moved = vector.paths.filter { vector.tensors[$0]?.abs().sum().item ?? 0 > 0 }
      #expect(!moved.isEmpty)
      // The weights that move are those of the method's options, or cross-attention where they say nothing.
      let declared = try Self.declared(name)
      #expect(vector.paths.allSatisfy(declared.matches), "\(declared.name)")
      #expect(vector.tensors.values.allSatisfy { $0.isFinite })
      let trains = try Self.encoded(name)["training"] != nil
      #expect(FileManager.default.fileExists(atPath: cut.path) == trains)
      if trains {
        #expect(reads.count >= 2)
        let most = Self.mostReads[name] ?? 4
        let found = reads.count < 2 ? 0 : reads[1] - reads[0]
        #expect(found <= most, "\(found) reads of numbers in a step of \(name)")
      }
      let again = try Self.erase(name, Self.erasure, model, Run(cut, seed: 1))
      #expect(again.paths == vector.paths)
      for path in vector.paths {
        let (a, b) = (try #require(vector.tensors[path]), try #require(again.tensors[path]))
        #expect(a.isIdentical(to: b), "\(path)")
      }
    }
  }

  private static func declared(_ name: String) throws -> ParameterSelection {
    if let trained = try MethodCatalog.builtIn.named(name).init() as? any TrainedMethod {
      return try ParameterSelection.named(trained.parameters)
    }
    return .crossAttention
  }

  /// Methods that train honour `training.bfloat16`: other bits, the same direction, weights in single precision.
  @Test(arguments: names) func bfloat16IsHonoured(_ name: String) throws {
    Runtime.threads = 1
    guard try Self.encoded(name)["training"] != nil else { return }
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    func erase(_ bfloat16: Bool) throws -> ParameterVector {
      func make<M: UnlearningMethod>(_ type: M.Type) throws -> any UnlearningMethod {
        let settings: JSON = ["training": ["steps": 1, "bfloat16": .bool(bfloat16)]]
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

  /// A run in half precision goes the same way, with its frozen side in that type and weights in single precision.
  /// Closed forms are the same to the bit.
  @Test(arguments: names, [ComputeType.bfloat16, .float16])
  func halfPrecisionIsHonoured(_ name: String, _ type: ComputeType) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    func erase(_ type: ComputeType?) throws -> ParameterVector {
      try Fixtures.temporaryFolder { folder in
        let run = try Run(folder, seed: 1)
        run.computeType = type
        return try Self.tiny(name, steps: 1).erase(Self.erasure, from: model, run).vector
      }
    }
    let (half, plain) = (try erase(type), try erase(nil))
    #expect(half.tensors.values.allSatisfy { $0.dtype == .float32 && $0.isFinite })
    if try Self.encoded(name)["training"] == nil {
      #expect((half - plain).norm == 0)
    } else {
      #expect((half - plain).norm > 0 && half.dot(plain) > 0.5 * half.norm * plain.norm)
    }
  }

  @Test func zeroStepsGiveZero() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var esd = ESD.tiny
    esd.training.steps = 0
    let vector = try Fixtures.temporaryFolder {
      try esd.erase(Self.erasure, from: model, Run($0, seed: 1)).vector
    }
    #expect(vector.norm == 0)
  }

  /// Along c - empty, the direction that guidance with the concept takes, the edited model's prediction for the concept
  /// moves backwards, towards the empty prompt's or beyond, and a preserved prompt's moves less. A loss of the wrong
  /// sign moves the concept's forwards.
  @Test(arguments: promptBased) func theConceptMovesAway(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let edited = try Fixtures.temporaryFolder { folder in
      try model.applying(
        Self.tiny(name, steps: 20).erase(
          Self.erasure, from: model, Run(folder, seed: 1)
        ).vector)
    }
    let (concept, kept) = ("fox", "a cat")
    let states = try DenoisingStates.follow(
      model, [concept], steps: 6, guidance: 3, seed: 9)
    func change(_ prompt: String) -> Tensor {
      let (a, b) = withoutGradients { (model.embed([prompt]), edited.embed([prompt])) }
      return states.predictions(of: edited, given: b) - states.predictions(of: model, given: a)
    }
    withoutGradients {
      let direction = states.conditional - states.reference  // eps(c) - eps(empty)
      let moved = change(concept)
      let share = ((moved * direction).sum() / direction.squared().sum()).item
      let neighbour = change(kept).flattened().norm().item / moved.flattened().norm().item
      // SDD keeps a moving average, and SepME stays in a small null space: they go 0.01 and 0.03 of the way.
      #expect(share < -0.005, "\(share)")
      #expect(neighbour < 0.95, "\(neighbour)")
    }
  }

  @Test func unknownMethodNamesTheNearest() throws {
    let error = try #require(throws: LetheError.self) { try MethodCatalog.builtIn.named("edd") }
    #expect(error.description.contains("did you mean 'esd'"))
  }
}
