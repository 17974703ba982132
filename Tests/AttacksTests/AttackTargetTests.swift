import Diffusion
import Editing
import TestSupport
import Testing
import Torch

@testable import Attacks

@Suite struct AttackTargetTests {
  /// A target has what its type says, and no part of the victim where the type says none; a model without words has no
  /// prompts to attack.
  @Test func accessIsTheTargetsType() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let other = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let victim = try Victim(model, original: other, concepts: [AttackScene.concept]) { _ in
      Image.grey(16, 16)
    }
    func holdsVictim(_ value: Any, _ depth: Int = 0) -> Bool {
      if let found = value as? DiffusionModel { return found === model }
      return depth < 4
        && Mirror(reflecting: value).children.contains { holdsVictim($0.value, depth + 1) }
    }
    #expect(!holdsVictim(BlackBoxTarget(victim)) && holdsVictim(EmbeddingTarget(victim)))
    #expect(WhiteBoxTarget(victim).model === model && WeightsTarget(victim).model === model)
    #expect(BlackBoxTarget(victim).original === other)
    #expect(
      AttackCatalog.builtIn.all.map { $0.access.rawValue }
        == [
          "black box", "black box", "black box", "white box", "white box", "black box",
          "embedding", "weights", "black box", "white box", "white box", "white box", "weights",
        ])
    let classes = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    #expect(throws: LetheError.self) { try AttackScene.victim(classes) }
    let error = try #require(throws: LetheError.self) { try AttackCatalog.builtIn.named("randon") }
    #expect(error.description.contains("did you mean 'random'"))
  }
}
