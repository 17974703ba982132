import Diffusion
import Editing
import TestSupport
import Testing
import Torch

@testable import Unlearning

@Suite struct UCETests {
  /// The closed form against numpy's direct solution of the same equation.
  @Test func closedForm() throws {
    let golden = try Fixtures.tensors("numbers.safetensors")
    func get(_ name: String) throws -> Tensor { try #require(golden["uce.\(name)"]) }
    let (w, r) = (try get("w"), try get("r"))
    let edit = UCE.edit(
      try get("c"), try get("v"), r.transposed(0, 1).matmul(r), lambda: 0.5, a: 1, b: 0.3)
    #expect((w + w.matmul(edit)).distance(to: try get("edited")) < 1e-10)
  }

  /// Rows run from the concept's last token; what both texts share at the end stays aligned.
  @Test func rowsAlignAtTheSharedEnd() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try withoutGradients {
      let phrase = Concept.Phrase("a fox, noto style", words: "fox", anchor: "noto style")
      let (concept, guide) = try TokenAlignment.aligned(phrase, model)
      let tokens = model.tokens(phrase.prompt).rows[0]
      let tokenizer = try model.tokenizer(for: "the test").encoders[0]
      let words = tokenizer.words("fox")
      let last = try #require(tokens.firstIndex(of: words[words.count - 1]))
      #expect(concept.size(0) == tokens.count - last && guide.shape == concept.shape)
      // The padding rows of the anchor stand against padding rows of the prompt.
      let anchor = model.embed([phrase.anchor]).hidden.to(.float64)
      let shift =
        tokenizer.words(phrase.prompt).count - tokenizer.words(phrase.anchor).count
      #expect(
        guide.narrowed(0, guide.size(0) - 1, 1).distance(
          to: anchor[0, at: 0].narrowed(0, 76 - shift, 1)) == 0)
      #expect(throws: LetheError.self) {
        try TokenAlignment.aligned(.init("a cat", words: "fox"), model)
      }
    }
  }

  /// A concept of one phrase weighs as much as one of three: with the phrases of both concepts repeated until they are
  /// equally many, a plain sum gives the same edit up to the scale of all sums.
  @Test func conceptsHaveEqualShares() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try withoutGradients {
      func phrase(_ prompt: String, _ words: String) -> Concept.Phrase {
        Concept.Phrase(prompt, words: words, anchor: "")
      }
      let foxes = ["a fox", "a fox in snow", "one red fox"].map { phrase($0, "fox") }
      let owl = phrase("an owl", "owl")
      let (c, g) = try TokenAlignment.aligned(
        [Concept("fox", phrases: foxes), Concept("owl", phrases: [owl])], model)
      let plain = try (foxes + [owl, owl, owl]).map { try TokenAlignment.aligned($0, model) }
      let (d, h) = (
        Tensor.concatenate(plain.map(\.concept)), Tensor.concatenate(plain.map(\.guide))
      )
      // Four phrases stand for six: all sums are 4 / 6 of the plain ones.
      let gram = c.transposed(0, 1).matmul(c)
      let expected = (4.0 / 6) * d.transposed(0, 1).matmul(d)
      #expect(gram.distance(to: expected) < 1e-9 * expected.abs().max().item)
      let cross = (g - c).transposed(0, 1).matmul(c)
      let awaited = (4.0 / 6) * (h - d).transposed(0, 1).matmul(d)
      #expect(cross.distance(to: awaited) < 1e-9 * awaited.abs().max().item)
    }
  }
}
