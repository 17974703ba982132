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

  /// Of two concepts of different kinds each has its own nearest and farthest, as many as the other, and prompts for them
  /// are in its own words.
  @Test func everyConceptHasItsNeighbours() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var fox = Concept("fox", phrases: [.init("a photo of a fox", words: "fox", anchor: "a photo")])
    fox.siblings = ["a castle", "a lovely dog", "bus", "cat", "owl", "tree"]
    var line = Concept(
      "line style",
      phrases: [.init("a drawing, line style", words: "line style", anchor: "a drawing")])
    line.siblings = ["oil style", "pop style", "ink style"]
    let order = { (concept: Concept) in Concept.siblings(of: [concept], in: model) }
    for concepts in [[fox, line], [line, fox]] {
      let (near, far) = Concept.extremes(2, of: concepts, in: model)
      #expect(near.map(\.concept.name) == concepts.map(\.name))
      #expect(near.map(\.name) == concepts.map { order($0)[0] })
      #expect(far.map(\.name) == concepts.reversed().map { order($0).last ?? "" })
    }
    // Three styles are fewer than half of what is asked for: the objects have the rest, and nothing is on both sides.
    let (near, far) = Concept.extremes(4, of: [fox, line], in: model)
    #expect(near.count == 4 && far.count == 4)
    #expect(Set(near.map(\.name)).isDisjoint(with: far.map(\.name)))
    let one = Concept.extremes(2, of: [fox], in: model)
    #expect(one.near.map(\.name) == Array(order(fox).prefix(2)))
    #expect(one.far.map(\.name) == Array(order(fox).suffix(2)))
    let asked = try Erasure(forget: [fox, line]).neighbours(2, in: model)
    for prompts in [asked.related, asked.unrelated] {
      #expect(prompts.count { $0.hasPrefix("a photo of ") } == 1, "\(prompts)")
      #expect(prompts.count { $0.hasPrefix("a drawing, ") && $0.hasSuffix(" style") } == 1)
    }
  }
}
