// RECE's derived embeddings, and SDD's moving target.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct RECETests {
  /// c' is where the sum of squares is smallest: every small step away from it costs.
  @Test func derivedEmbeddingsAreTheMinimum() {
    func random(_ shape: [Int], _ seed: UInt64) -> Tensor {
      Tensor.randn(shape, Generator(seed: seed)).to(.float64)
    }
    let original = [random([5, 4], 1), random([3, 4], 2)]
    let edited = zip(original, [random([5, 4], 3), random([3, 4], 4)]).map { $0 + 0.5 * $1 }
    let (c, rho) = (random([4, 1], 5), 0.1)
    func cost(_ x: Tensor) -> Double {
      let misfit = zip(edited, original).map {
        ($0.matmul(x) - $1.matmul(c)).squared().sum().item
      }
      return misfit.reduce(0, +) + rho * x.squared().sum().item
    }
    let best = RECE.derivation(edited, original, rho).matmul(c)
    for seed in 10..<20 { #expect(cost(best + 1e-3 * random([4, 1], UInt64(seed))) > cost(best)) }
    // Nothing edited, nothing held at 0: the embedding is its own.
    let same = RECE.derivation(original, original, 0).matmul(c)
    #expect(same.distance(to: c) < 1e-9)
  }

  /// After more epochs the derived embedding reaches less of what the concept's gave.
  @Test func laterEditsReachDerivedEmbeddings() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let paths = ParameterSelection.crossAttentionKeysValues.paths(of: model.parameters)
    func misfit(_ epochs: Int) throws -> Double {
      var rece = RECE()
      (rece.epochs, rece.regularization) = (epochs, 1e-3)
      let vector = try Fixtures.temporaryFolder { folder in
        try rece.erase(MethodContractTests.erasure, from: model, Run(folder)).vector
      }
      let original = paths.compactMap { model.parameters[$0]?.to(.float64) }
      let edited = zip(paths, original).map { path, w in
        vector.tensors[path].map { w + $0.to(.float64) } ?? w
      }
      let phrase = try #require(MethodContractTests.erasure.forget.first?.phrases.first)
      let c = try TokenAlignment.aligned(phrase, model).concept  // [n, D]
      let derived = c.matmul(RECE.derivation(edited, original, 1e-3).transposed(0, 1))
      return zip(edited, original).map {
        (derived.matmul($0.transposed(0, 1)) - c.matmul($1.transposed(0, 1))).squared().sum().item
      }.reduce(0, +)
    }
    let (uce, rece) = (try misfit(0), try misfit(2))
    #expect(rece > uce)
  }

  /// Later edits by hand: c' of eq. 8 from the weights as they are, then UCE's eq. 7 with c' for c and the weights of
  /// the later edits. b = 0 is UCE's rule, here 1/3.
  @Test(arguments: [(epochs: 1, b: 0.7), (epochs: 2, b: 0)]) func laterEditsAreTheFormulas(
    _ form: (epochs: Int, b: Double)
  ) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let phrase = Concept.Phrase("a fox", words: "fox", anchor: "a cat")
    let erasure = Erasure(
      forget: [Concept("fox", phrases: [phrase])], preserve: ["an umbrella"])
    var rece = RECE()
    (rece.epochs, rece.regularization, rece.preserveScale) = (form.epochs, 0.05, form.b)
    (rece.lambda, rece.eraseScale) = (0.3, 2)
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder)
      let found = try rece.erase(erasure, from: model, run).vector
      let first = try UCE().erase(erasure, from: model, run).vector
      try withoutGradients {
        let paths = ParameterSelection.crossAttentionKeysValues.paths(of: model.parameters)
        let original = try paths.map { try #require(model.parameters[$0]).to(.float64) }
        var w = try zip(paths, original).map { $1 + (try #require(first.tensors[$0])).to(.float64) }
        let (c, g) = try TokenAlignment.aligned(phrase, model)
        let rows = model.embed(["", "a cat", "an umbrella"]).hidden.to(.float64)
        let kept = rows.reshaped(-1, rows.size(2))
        let one = Tensor.identity(rows.size(2), .float64)
        func gram(_ a: Tensor, _ b: Tensor) -> Tensor { a.transposed(0, 1).matmul(b) }
        let b = form.b > 0 ? form.b : 1.0 / 3
        for _ in 0..<form.epochs {
          let left = w.reduce(0.05 * one) { $0 + gram($1, $1) }
          let right = zip(w, original).reduce(0 * one) { $0 + gram($1.0, $1.1) }
          let derived = c.matmul(left.inverse().matmul(right).transposed(0, 1))  // c' [n, D]
          let system = 0.3 * one + 2 * gram(derived, derived) + b * gram(kept, kept)
          w = w.map { w in
            (0.3 * w + 2 * w.matmul(gram(g, derived)) + b * w.matmul(gram(kept, kept)))
              .matmul(system.inverse())
          }
        }
        for (i, path) in paths.enumerated() {
          let change = w[i] - original[i]
          let size = change.abs().max().item
          let tensor = try #require(found.tensors[path])
          #expect(tensor.distance(to: change) < 1e-4 * size, "\(path.name)")
          // The later edits are seen beside UCE's.
          let uce = try #require(first.tensors[path])
          #expect(uce.distance(to: change) > 1e-2 * size, "\(path.name)")
        }
      }
    }
  }

  @Test func withoutEpochsItIsUCE() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try Fixtures.temporaryFolder { folder in
      var rece = RECE()
      rece.epochs = 0
      let run = try Run(folder)
      let found = try rece.erase(MethodContractTests.erasure, from: model, run).vector
      let uce = try UCE().erase(MethodContractTests.erasure, from: model, run).vector
      for path in uce.paths {
        let (a, b) = (try #require(found.tensors[path]), try #require(uce.tensors[path]))
        #expect(a.distance(to: b) < 1e-6)
      }
    }
  }

  /// Of trained weights, the loss is the squared distance of their two predictions, and its gradient that of the
  /// concept's side alone.
  @Test func theTargetHasNoGradient() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try Fixtures.temporaryFolder { folder in
      var sdd = SDD()
      (sdd.trajectories, sdd.trajectorySteps, sdd.preserveWeight) = (1, 4, 0)
      sdd.training.batch = 3
      let run = try Run(folder, seed: 3)
      let objective = try sdd.objective(MethodContractTests.erasure, original: model, run)
      let path = ParameterSelection.crossAttention.paths(of: model.parameters)[0]
      let w = 1.5 * (try #require(model.parameters[path]))
      let student = try model.replacing([path: w])
      w.requiresGradient = true
      var step = Step(index: 0, seed: 1)
      let loss = try objective.loss(student, &step)
      let states = try sdd.follow(model, ["fox"], seed: run.seed &+ 2) { _, _ in }
      let d = states.draw(3, Step(index: 0, seed: 1))
      func predicted(_ prompt: String) -> Tensor {
        student.predict(d.x, at: d.t, given: student.embed([prompt]).repeated(3))
      }
      let target = withoutGradients { predicted("") }
      let expected = (predicted("fox") - target).squared().mean()
      #expect(abs(loss.item / expected.item - 1) < 1e-4)
      let found = gradients(of: loss, with: [w])[0]
      let own = gradients(of: expected, with: [w])[0]
      let through = gradients(of: (predicted("fox") - predicted("")).squared().mean(), with: [w])[0]
      #expect(own.norm().item > 0 && found.distance(to: own) < 1e-3 * own.norm().item)
      #expect(through.distance(to: own) > 1e-2 * own.norm().item)
    }
  }

  /// float64 is where the sums are, on the device where it has it and on the CPU where it has not.
  @Test func float64IsOnTheCPUWhereTheDeviceHasNone() {
    #expect(!Device.mps.hasFloat64 && Device.cpu.hasFloat64 && Device.cuda(1).hasFloat64)
    let x = Tensor([1, 2] as [Float])
    #expect(x.inFloat64().dtype == .float64 && x.inFloat64().device == .cpu)
    #expect(x.inFloat64().doubles == [1, 2])
  }
}
