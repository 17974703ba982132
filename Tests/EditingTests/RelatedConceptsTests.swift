import Diffusion
import TestSupport
import Testing
import Torch

@testable import Editing

@Suite struct RelatedConceptsTests {
  /// Siblings come in the order of their cosine to the concept, the larger of the cosines where there are two; the
  /// forgotten are not among them. The order is that of transformers' text encoder (scripts/golden/nearness.py).
  @Test func siblingsByNearness() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var (fox, bus) = (Concept("fox"), Concept("a yellow bus"))
    fox.siblings = ["a castle", "a lovely dog", "bus", "cat", "fox"]
    bus.siblings = ["a yellow bus"]
    #expect(
      Concept.siblings(of: [fox], in: model) == ["cat", "bus", "a castle", "a lovely dog"])
    #expect(
      Concept.siblings(of: [fox, bus], in: model) == ["a lovely dog", "cat", "bus", "a castle"])
  }
}
