import Diffusion
import Editing
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

/// On the embedded model.
@Suite struct EraseDiffTests {
  static let erasure = Erasure(
    forget: [
      Concept(
        "fox", phrases: [.init("a noto emoji of a fox", words: "fox", anchor: "a noto emoji")])
    ],
    preserve: ["a noto emoji of a bus", "a line emoji of a key"])

  /// In version 0.1 the rule was `rule`, and its constant lambda was `eta`.
  @Test func formerNames() throws {
    func method(_ options: JSON) throws -> EraseDiff {
      try #require(MethodCatalog.builtIn.method("erasediff", options) as? EraseDiff)
    }
    let fixed = try method(["rule": "fixed", "eta": 1])
    #expect((fixed.lambdaRule, fixed.lambda, fixed.eta) == (.fixed, 1, 0.1))
    let paper = try method(["rule": "paper", "eta": 2])
    #expect((paper.lambdaRule, paper.lambda, paper.eta) == (.paper, 0.1, 2))
    #expect(throws: LetheError.self) { try method(["rule": "fixed", "lambdaRule": "paper"]) }
    #expect(fixed.idle.map(\.option) == ["eta"])
    #expect(fixed.idle.last?.beside == "lambdaRule=fixed, which takes 'lambda' in its place")
    #expect(paper.idle.map(\.option) == ["lambda"])
  }

  /// The rule in the optimizer's metric needs all of Adam's state.
  @Test func variantsAreRefusedWhereTheyHaveNoMeaning() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var method = EraseDiff()
    method.lambdaRule = .preconditioned
    try method.check(Self.erasure, of: model)
    for change in [
      { $0.training.optimizer.kind = .sgd }, { $0.training.offload = true },
      { $0.training.shardsOptimizer = true },
    ] as [(inout EraseDiff) -> Void] {
      var wrong = method
      change(&wrong)
      let error = try #require(throws: LetheError.self) {
        try wrong.check(Self.erasure, of: model)
      }
      #expect(error.kind == .request && error.sentence.contains("lambdaRule"))
    }
    // A step that is shortened afterwards is no longer the one that lambda was chosen for.
    var whole = method
    whole.lambdaRule = .adam
    try whole.check(Self.erasure, of: model)
    whole.training.clip = 1
    let error = try #require(throws: LetheError.self) { try whole.check(Self.erasure, of: model) }
    #expect(error.sentence.contains("training.clip=1.0"))
    #expect(method.idle.map(\.option) == ["lambda"])
    #expect(throws: LetheError.self) {
      try MethodCatalog.builtIn.method("erasediff", ["until": 1.5])
    }
  }

  /// A training gets the optimizer's metric: from the second step on the rule is another than the paper's.
  @Test func theMetricReachesTheRule() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    func vector(_ rule: EraseDiff.LambdaRule) throws -> ParameterVector {
      try Fixtures.temporaryFolder { folder in
        var method = EraseDiff()
        method.data.shrink(with: &method.training)
        (method.parameters, method.guarding.limit, method.lambdaRule) = ("xattn", 0, rule)
        let run = try Run(folder, seed: 1)
        let found = try method.erase(Self.erasure, from: model, run).vector
        #expect(
          run.events().compactMap { $0["lambda"]?.number }.allSatisfy { $0 >= 0 && $0.isFinite })
        return found
      }
    }
    let (paper, own, whole) = (
      try vector(.paper), try vector(.preconditioned), try vector(.adam)
    )
    #expect(own.norm > 0 && (own - paper).norm > 1e-3 * paper.norm)
    #expect(whole.norm > 0 && (whole - paper).norm > 1e-3 * paper.norm)
    #expect((whole - own).norm > 1e-3 * paper.norm)
  }

  /// Numbers that trainings hold beside the model: a copy of the trained weights, a gradient, Adam's two moments, and what
  /// the rule holds. A byte less than these and the activations is refused, and so is a byte less than these alone.
  @Test func memoryOfTheRules() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    func count(_ selection: ParameterSelection) -> Int {
      selection.paths(of: model.parameters).reduce(0) { $0 + (model.parameters[$1]?.count ?? 0) }
    }
    let n = count(.unet)
    func lists(_ change: (inout EraseDiff) -> Void) -> Int {
      var method = EraseDiff()
      change(&method)
      let numbers = method.numbers(beside: model)
      #expect(numbers % n == 0)
      return numbers / n
    }
    #expect(lists { _ in } == 5)
    #expect(lists { $0.lambdaRule = .adam } == 5 && lists { $0.lambdaRule = .preconditioned } == 7)
    #expect(lists { $0.innerSteps = 1 } == 6 && lists { $0.picturesInPass = 1 } == 6)
    #expect(lists { ($0.innerSteps, $0.picturesInPass) = (1, 1) } == 7)
    #expect(lists { $0.training.averaging = 0.9 } == 6 && lists { $0.training.offload = true } == 3)
    #expect(lists { $0.training.optimizer = .init(.sgd) } == 3)
    #expect(
      MUNBa().numbers(beside: model) == 5 * n && Scissorhands().numbers(beside: model) == 5 * n)
    #expect(
      SalUn().numbers(beside: model) == 6 * n
        && ESD().numbers(beside: model) == 4 * count(.crossAttention))
    // Five lists of the U-Net, and the moments of ESD's own weights.
    #expect(MetaUnlearning().numbers(beside: model) == 5 * n + 2 * count(.crossAttention))

    let method = EraseDiff()
    let held = 4 * method.numbers(beside: model)
    let all = held + 4 * method.picturesAtOnce * model.leastActivations
    try method.requireMemory(of: model, available: all)
    for (bytes, subject) in [(all - 1, "a step of 16 pictures"), (held - 1, "\(5 * n) numbers")] {
      let error = try #require(throws: LetheError.self) {
        try method.requireMemory(of: model, available: bytes)
      }
      #expect(error.kind == .memory && error.sentence.contains(subject), "\(error.sentence)")
    }
  }

  /// The fox comes nearer to what stands for it, and moves more than what is kept.
  @Test func eraseDiffForgetsSubjectToKeeping() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.emoji)
    try Fixtures.temporaryFolder { folder in
      var method = EraseDiff()
      method.data.shrink(with: &method.training)
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

  @Test func nothingToKeepIsRefused() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try Fixtures.temporaryFolder { folder in
      var method = EraseDiff()
      method.data.shrink(with: &method.training)
      let error = try #require(throws: LetheError.self) {
        try method.erase(Erasure(forget: [Concept("fox")]), from: model, Run(folder))
      }
      #expect(error.description.contains("--retain-images"))
    }
  }
}
