// Meta-Unlearning around other methods.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct MetaUnlearningTests {
  static func method(_ base: String, _ options: JSON) -> MetaUnlearning {
    var method = MetaUnlearning()
    (method.base.name, method.options) = (base, options)
    (method.training.steps, method.training.batch, method.training.learningRate) = (2, 2, 1e-3)
    (method.pictures, method.pictureSteps, method.guarding.limit) = (2, 2, 0)
    return method
  }

  func erase(_ method: MetaUnlearning) throws -> (ParameterVector, [JSON]) {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let before = model.hash()
    return try Fixtures.temporaryFolder { folder in
      let run = try Run(folder, seed: 2)
      var logged = method
      logged.training.logEvery = 1
      let vector = try logged.erase(MethodContractTests.erasure, from: model, run).vector
      #expect(model.hash() == before)
      return (vector, run.events().filter { $0["stage"]?.string == "meta" })
    }
  }

  /// Around trained methods and around closed forms.
  @Test(arguments: ["esd", "sdd", "uce", "rece", "erasediff", "advunlearn"])
  func bases(_ base: String) throws {
    let options: [String: JSON] = [
      "esd": ["trajectories": 2, "trajectorySteps": 4, "preserveTrajectories": 2],
      "sdd": ["trajectories": 2, "trajectorySteps": 4, "preserveTrajectories": 2],
      "erasediff": ["data": ["forget": 2, "retain": 2, "steps": 2], "pool": 2],
      "advunlearn": [
        "options": ["trajectories": 2, "trajectorySteps": 4], "warmup": 1,
        "adversary": ["steps": 2], "retainTrajectories": 2, "parameters": "noxattn",
      ],
    ]
    let (vector, log) = try erase(Self.method(base, options[base] ?? [:]))
    #expect(vector.norm > 0 && log.count == 2)
    // The weights that are trained are the base's own, and the whole U-Net's around a closed form.
    let trained = [
      "esd": "xattn", "sdd": "xattn", "advunlearn": "noxattn", "erasediff": "full",
    ]
    let selection = try ParameterSelection.named(trained[base] ?? "full")
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    #expect(vector.paths == selection.paths(of: model.parameters).sorted())
    for name in ["concept before", "concept after", "related before", "self-destruct", "cosine"] {
      #expect(log.allSatisfy { $0[name]?.number?.isFinite == true })
    }
  }

  /// With no step of its own the meta variant of a closed form is the closed form.
  @Test func closedFormsAreWhereItBegins() throws {
    var method = Self.method("uce", [:])
    method.training.steps = 0
    let (vector, _) = try erase(method)
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let uce = try Fixtures.temporaryFolder {
      try UCE().erase(MethodContractTests.erasure, from: model, Run($0)).vector
    }
    for (path, tensor) in vector.tensors {
      let expected = uce.tensors[path] ?? Tensor.zeros(like: tensor)
      #expect(tensor.distance(to: expected) < 1e-6)
    }
  }

  /// As many copies as the header of MetaGradient counts, of which an optimizer's are those that it makes.
  @Test func copiesInMemory() {
    let (p, g) = (Tensor.ones([3, 2]), Tensor.ones([3, 2]))
    for kind in OptimizerOptions.Kind.allCases {
      for momentum in [0, 0.9] {
        var options = OptimizerOptions(kind)
        options.momentum = momentum
        var optimizer = options.make()
        optimizer.step([p], [g], rate: 0.1)
        #expect(options.moments == optimizer.state.values.count { $0.shape == p.shape })
        var (plain, method) = (MetaUnlearning(), MetaUnlearning())
        (plain.attack.optimizer, method.attack.optimizer) = (.init(.sgd), options)
        (plain.training.optimizer, method.training.optimizer) = (.init(.sgd), options)
        #expect(
          method.unetCopies - plain.unetCopies == 2 * options.moments)
      }
    }
    var method = MetaUnlearning()
    #expect(method.unetCopies == 7)
    method.guarding.limit = 0
    #expect(method.unetCopies == 7)
    method.training.offload = true
    #expect(method.unetCopies == 4)
    method.picturesInPass = 1
    #expect(method.unetCopies == 5)
    method.attack.optimizer = .init(.sgd)
    #expect(method.unetCopies == 3)
  }

  /// The line on memory counts the model's own U-Net; other methods say nothing and load no model.
  @Test func memoryInWords() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let count = ParameterSelection.unet.paths(of: model.parameters)
      .reduce(0) { $0 + (model.parameters[$1]?.count ?? 0) }
    let line = try #require(try MetaUnlearning().memory { model })
    #expect(line.contains("for 7 copies of the U-Net's \(count) numbers"))
    #expect(try ESD().memory { throw LetheError.request("no model is asked for") } == nil)
  }

  /// Weights that rest in files while gradients are computed end as the same bits.
  @Test func offloadingChangesNothing() throws {
    var method = Self.method("uce", [:])
    (method.training.steps, method.guarding.limit, method.guarding.every) = (3, 9, 2)
    let (plain, _) = try erase(method)
    method.training.offload = true
    let (offloaded, _) = try erase(method)
    #expect(plain.norm > 0 && (plain - offloaded).norm == 0)
  }

  /// The defaults around a closed form are the released ones; a number of steps that is given counts.
  @Test func closedFormsHaveAHundredSteps() throws {
    func steps(_ options: JSON) throws -> Int? {
      (try MethodCatalog.builtIn.method("meta", options) as? MetaUnlearning)?.training.steps
    }
    #expect(try steps([:]) == 1500 && steps(["base": "sdd"]) == 1500)
    #expect(try steps(["base": "uce"]) == 100 && steps(["base": "rece"]) == 100)
    #expect(try steps(["base": "uce", "training": ["steps": 7]]) == 7)
    #expect(MetaUnlearning(around: "uce").training.steps == 100)
  }

  /// Options that Meta-Unlearning decides are refused inside, one by one; the base's batch and weights count.
  @Test func optionsWithoutEffectAreRefused() throws {
    for (options, path) in [
      (["training": ["steps": 5, "batch": 2]] as JSON, "options.training.steps"),
      (["training": ["averaging": 0.9]], "options.training.averaging"),
      (["training": ["optimizer": ["kind": "sgd"]]], "options.training.optimizer"),
      (["guarding": ["limit": 1]], "options.guarding"),
    ] {
      let error = try #require(throws: LetheError.self) { try erase(Self.method("sdd", options)) }
      #expect(error.kind == .request && error.sentence.contains("'\(path)'"), "\(error.sentence)")
    }
    let method = Self.method("esd", ["training": ["batch": 2], "parameters": "noxattn"])
    let inner = try #require(try method.inner() as? ESD)
    #expect(inner.training.batch == 2 && method.parameters == "noxattn")
    let all: JSON = ["training": ["steps": 5, "batch": 2], "guarding": ["limit": 1], "eta": 3]
    #expect(try method.undecided(all) == ["training": ["batch": 2], "eta": 3])
    // SepME trains before the meta part begins, and has its training for itself.
    #expect(try Self.method("sepme", [:]).undecided(all) == all)
    // A text encoder is out of the reach of a fine-tuning of the U-Net.
    let text = try #require(throws: LetheError.self) { try erase(Self.method("advunlearn", [:])) }
    #expect(text.sentence.contains("text_encoders") && text.sentence.contains("noxattn"))
  }

  /// A weight counts once for each batch of a set and each timestep, or once.
  @Test func weightsCountByBatch() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    func pull(_ change: (inout MetaUnlearning) -> Void) throws -> Double {
      var method = Self.method("uce", [:])
      (method.pictures, method.pictureSteps) = (5, 1)
      change(&method)
      try method.check(MethodContractTests.erasure, of: model)
      return try Fixtures.temporaryFolder { folder in
        let rule = try method.rule(
          MethodContractTests.erasure, original: model,
          student: model.clone(owning: ParameterSelection.unet.matches), [], Run(folder))
        return try #require(rule as? MetaGradient).pull
      }
    }
    #expect(abs(try pull { _ in } - 0.3) < 1e-12)  // 5 pictures in batches of 2
    #expect(abs(try pull { $0.timesteps = [1, 2, 5, 10] } - 1.2) < 1e-12)
    #expect(try pull { ($0.reduction, $0.timesteps) = (.mean, [1, 2]) } == 0.1)
    let error = try #require(throws: LetheError.self) { try pull { $0.timesteps = [1, 1000] } }
    #expect(error.sentence.contains("1000") && error.sentence.contains("0 to 999"))
  }

  /// The meta part by hand: the set that the fine-tuning learns, and each other set with its weights before it and
  /// after it.
  @Test func everySetHasItsWeights() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var method = Self.method("uce", [:])
    (method.pictures, method.pictureSteps, method.pull) = (3, 2, 0.7)
    method.related = .init(keep: 0.2, destroy: 0.05)
    method.unrelated = .init(keep: 0.4, destroy: 0.1)
    (method.attack.steps, method.attack.rate, method.attack.clip) = (2, 0.02, 0)
    method.attack.optimizer = .init(.sgd)
    var fox = Concept("fox", phrases: [.init("a fox", words: "fox", anchor: "a dog")])
    (fox.related, fox.unrelated) = (["cat"], ["bus"])
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder, seed: 2)
      let student = try model.clone(owning: ParameterSelection.unet.matches)
      let tensors = ParameterSelection.unet.paths(of: student.parameters)
        .compactMap { student.parameters[$0] }
      for tensor in tensors { tensor.requiresGradient = true }
      var rule = try method.rule(
        Erasure(forget: [fox]), original: model, student: student, tensors, run)
      var step = Step(index: 0, seed: 4)
      let found = try rule.gradient(student, over: tensors, &step).loss

      // D_FT, D'_FT, related and unrelated. Set i has draw i of the step.
      let prompts = ["a fox", "a fox", "a cat", "a bus"]
      let sets = try prompts.enumerated().map { i, prompt in
        try method.pictures(
          by: model, Array(repeating: prompt, count: 3), seed: run.seed &+ 31 &+ UInt64(i))
      }
      let seed = Step(index: 0, seed: 4).generator.split().seed
      func loss(_ i: Int, _ step: Step) -> Tensor {
        let d = sets[i].draw(2, model, step)
        let e = student.predict(d.xt, at: d.t, given: model.embed([prompts[i]]).repeated(2))
        return (e - model.schedule.target(d.x0, d.eps, at: d.t)).squared().mean()
      }
      func losses() -> [Double] {
        withoutGradients { (0..<4).map { loss($0, Step(index: $0, seed: seed)).item } }
      }
      let before = losses()
      let learned = Step(index: 0, seed: seed)
      for _ in 0..<2 {
        let g = gradients(of: loss(0, learned), with: tensors)
        withoutGradients { Foreach.add(tensors, g, times: -0.02) }
      }
      let after = losses()
      // Three pictures are two batches of two, for each of which a weight counts.
      let expected =
        2
        * (-0.7 * after[1] + 0.2 * before[2] - 0.05 * after[2] + 0.4 * before[3] - 0.1 * after[3])
      #expect(abs(found / expected - 1) < 1e-4, "\(found) \(expected)")
      for (i, name) in [(1, "concept"), (2, "related"), (3, "unrelated")] {
        for (moment, values) in [("before", before), ("after", after)] {
          let logged = try #require(step.log["\(name) \(moment)"])
          #expect(abs(logged / values[i] - 1) < 1e-5, "\(name) \(moment)")
        }
        #expect(abs(after[i] / before[i] - 1) > 1e-3, "\(name): \(before[i]) \(after[i])")
      }
    }
  }

  @Test func unknownBasesAndOptions() throws {
    #expect(throws: LetheError.self) { try erase(Self.method("esdd", [:])) }
    #expect(throws: LetheError.self) { try erase(Self.method("esd", ["trajectorie": 1])) }
    #expect(throws: LetheError.self) { try erase(Self.method("esd", ["training": ["step": 1]])) }
  }
}
