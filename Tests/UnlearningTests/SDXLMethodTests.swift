// Methods on SDXL: two text encoders, a pooled prompt.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite(.serialized) struct SDXLMethodTests {
  /// At dW = 0 the correlation is mean r^2 of the states, with the pooled prompt in both predictions.
  @Test func sepMEStartsFromTheOriginalsPrediction() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
    var method = SepME.tiny
    (method.training.steps, method.training.logEvery, method.lambda, method.rho) = (2, 1, 0, 0)
    let concept = Concept("fox", replacement: "")
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder, seed: 1)
      _ = try method.erasers(for: [.init(concept, keeping: ["a cat"])], of: model, run)
      let found = try #require(run.events().first?["loss"]?.number)
      let again = try ConceptInTraining(concept, method, model, run)
      let d = again.states.draw(method.training.batch, again.step(0))
      let expected = (d.ec - d.e0).squared().mean().item
      #expect(abs(found - expected) < 1e-5 * expected, "\(found) \(expected)")
      let space = try method.space(for: .init(concept, keeping: ["a cat"]), in: model)
      let eraser = EraserFactors(zeroOver: space, beta: 1, of: model)
      let shifts = ConceptShifts([again], [eraser], together: false).conditioning([[1, 0]])
      let own = withoutGradients { model.embed(["fox", "fox"]) }
      #expect(try #require(shifts.pooled).distance(to: try #require(own.pooled)) == 0)
    }
  }

  /// AdvUnlearn trains both encoders as it is, and what the second makes of the whole prompt.
  @Test func advUnlearnReachesThePooledPrompt() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
    func erase(_ parameters: String?) throws -> ParameterVector {
      try Fixtures.temporaryFolder { folder in
        var method = AdvUnlearn.tiny
        method.training.steps = 6
        method.parameters = parameters ?? method.parameters
        return try method.erase(
          MethodContractTests.erasure, from: model, Run(folder, seed: 1)
        ).vector
      }
    }
    func encoders(_ d: ParameterVector) -> Set<String> {
      Set(d.paths.compactMap { $0.components.first.map(String.init) })
    }
    func pooledMoves(_ d: ParameterVector) throws -> Double {
      let edited = try model.applying(d)
      return try withoutGradients {
        let (a, b) = (edited.embed(["fox"]).pooled, model.embed(["fox"]).pooled)
        return (try #require(a)).distance(to: try #require(b))
      }
    }
    let both = try erase(nil)
    #expect(encoders(both) == ["text_encoder", "text_encoder_2"])
    let projection = try #require(both.paths.first { $0.name.contains("text_projection") })
    #expect(try #require(both.tensors[projection]).abs().sum().item > 0)
    #expect(try pooledMoves(both) > 1e-3)
    let first = try erase("text_encoder")
    #expect(encoders(first) == ["text_encoder"])
    #expect(try pooledMoves(first) == 0)
    let second = try erase("text_encoder_2:1")
    #expect(
      second.paths.allSatisfy { $0.name.hasPrefix("text_encoder_2.text_model.encoder.layers.0.") })
    #expect(try pooledMoves(second) > 1e-4)
  }

  /// The model stays as it is; the concept's prediction moves; what is declared changes alone.
  @Test(arguments: ["esd", "uce", "rece", "sdd", "ablation", "sepme", "meta", "advunlearn"])
  func runs(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
    let before = model.hash()
    let vector = try Fixtures.temporaryFolder { folder in
      try MethodContractTests.tiny(name, steps: 6).erase(
        MethodContractTests.erasure, from: model, Run(folder, seed: 1)
      ).vector
    }
    #expect(model.hash() == before && vector.norm > 0)
    let edited = try model.applying(vector)
    let x = Tensor.randn([1, 4, 8, 8], Generator(seed: 4))
    withoutGradients {
      let t = Tensor([500] as [Float])
      let a = model.predict(x, at: t, given: model.embed(["fox"]))
      #expect(a.distance(to: edited.predict(x, at: t, given: edited.embed(["fox"]))) > 1e-4)
    }
  }
}
