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

@Suite(.serialized) struct RECETests {
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
      let c = try UCE.aligned(phrase, model).concept  // [n, D]
      let derived = c.matmul(RECE.derivation(edited, original, 1e-3).transposed(0, 1))
      return zip(edited, original).map {
        (derived.matmul($0.transposed(0, 1)) - c.matmul($1.transposed(0, 1))).squared().sum().item
      }.reduce(0, +)
    }
    let (uce, rece) = (try misfit(0), try misfit(2))
    #expect(rece > uce)
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

  /// At the original's weights the loss is what the concept adds to the prediction; its gradient is that of the
  /// concept's side alone.
  @Test func theTargetHasNoGradient() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try Fixtures.temporaryFolder { folder in
      var sdd = SDD()
      (sdd.trajectories, sdd.trajectorySteps, sdd.preserveWeight) = (1, 1, 0)
      let objective = try sdd.objective(
        MethodContractTests.erasure, original: model, Run(folder, seed: 3))
      let states = try DenoisingStates.follow(
        model, ["fox"], steps: 1, guidance: 3, seed: 5)
      var step = Step(index: 0, seed: 1)
      let loss = try withoutGradients { try objective.loss(model, &step).item }
      let gap = (states.conditional - states.unconditional).squared().mean().item
      #expect(abs(loss / gap - 1) < 1e-3)
    }
  }
}
