import Diffusion
import Editing
import TestSupport
import Testing
import Torch
import Training

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

  /// Of whole erasures by UCE and by RECE, a concept of three phrases weighs as much as one of a single phrase: three
  /// times one phrase beside one of another concept erases as once each with twice the weight, in either order. All four
  /// phrases in one pool would weigh three to one.
  @Test func unequalPhrasesEraseEqually() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let fox = Concept.Phrase("a fox", words: "fox", anchor: "a cat")
    let owl = Concept.Phrase("an owl", words: "owl", anchor: "")
    func concepts(_ foxes: Int, _ owls: Int) -> [Concept] {
      [
        Concept("fox", phrases: Array(repeating: fox, count: foxes)),
        Concept("owl", phrases: Array(repeating: owl, count: owls)),
      ]
    }
    func vector(
      _ method: some UnlearningMethod, _ concepts: [Concept]
    ) throws -> ParameterVector {
      try Fixtures.temporaryFolder { folder in
        try method.erase(
          Erasure(forget: concepts, preserve: ["a bus"]), from: model, Run(folder)
        ).vector
      }
    }
    /// | W' c - W c | over all edited W, c the rows of a phrase.
    func shift(_ vector: ParameterVector, _ phrase: Concept.Phrase) throws -> Double {
      let rows = try TokenAlignment.aligned(phrase, model).concept.to(.float32)
      return vector.tensors.values.map { rows.matmul($0.transposed(0, 1)).squared().sum().item }
        .reduce(0, +)
    }
    let (m, n) = try withoutGradients {
      (
        Double(try TokenAlignment.aligned(fox, model).concept.size(0)),
        Double(try TokenAlignment.aligned(owl, model).concept.size(0))
      )
    }
    try withoutGradients {
      func check<M: UnlearningMethod>(_ plain: M, scaled: (Double) -> M) throws {
        // The sums have as many rows as all phrases; a weight of erasing makes up for the fewer of one phrase each.
        func one(_ foxes: Int, _ owls: Int) throws -> ParameterVector {
          try vector(scaled((Double(foxes) * m + Double(owls) * n) / (m + n)), concepts(1, 1))
        }
        for (foxes, owls) in [(3, 1), (1, 3)] {
          let equal = try one(foxes, owls)
          #expect(equal.norm > 0)
          let found = try vector(plain, concepts(foxes, owls))
          #expect((found - equal).norm < 1e-4 * equal.norm, "\(M.name) \(foxes) \(owls)")
          for phrase in [fox, owl] {
            let (moved, wanted) = (try shift(found, phrase), try shift(equal, phrase))
            #expect(abs(moved / wanted - 1) < 1e-3, "\(M.name) \(phrase.prompt)")
          }
        }
        let equal = try one(3, 1)
        let pooled = try vector(
          plain, [Concept("both", phrases: [fox, fox, fox, owl])])
        #expect((pooled - equal).norm > 0.02 * equal.norm, "\(M.name)")
      }
      try check(UCE()) { scale in
        var uce = UCE()
        uce.eraseScale = scale
        return uce
      }
      try check(RECE.tiny) { scale in
        var rece = RECE.tiny
        (rece.eraseScale, rece.uce.eraseScale) = (scale, scale)
        return rece
      }
    }
  }

  /// Every concept has the same share of the sums, however many phrases it has and however many rows a phrase has: the
  /// mean over its rows, times the rows of all over the number of concepts.
  @Test func conceptsHaveEqualShares() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try withoutGradients {
      func phrase(_ prompt: String, _ words: String) -> Concept.Phrase {
        Concept.Phrase(prompt, words: words, anchor: "")
      }
      let foxes = ["a fox", "a fox in snow", "one red fox"].map { phrase($0, "fox") }
      let owl = phrase("a picture of a white owl", "owl")
      let (c, g) = try TokenAlignment.aligned(
        [Concept("fox", phrases: foxes), Concept("owl", phrases: [owl])], model)
      func rows(_ phrases: [Concept.Phrase]) throws -> (c: Tensor, g: Tensor) {
        let parts = try phrases.map { try TokenAlignment.aligned($0, model) }
        return (
          Tensor.concatenate(parts.map(\.concept)), Tensor.concatenate(parts.map(\.guide))
        )
      }
      let (fox, bird) = (try rows(foxes), try rows([owl]))
      let (m, n) = (fox.c.size(0), bird.c.size(0))
      #expect(m > 3 * n, "phrases of one length show nothing")
      func share(_ product: (Tensor, Tensor) -> Tensor) -> Tensor {
        let all = Double(m + n) / 2
        let first = (all / Double(m)) * product(fox.c, fox.g)
        let second = (all / Double(n)) * product(bird.c, bird.g)
        return first + second
      }
      let gram = c.transposed(0, 1).matmul(c)
      let expected = share { c, _ in c.transposed(0, 1).matmul(c) }
      #expect(gram.distance(to: expected) < 1e-9 * expected.abs().max().item)
      let cross = (g - c).transposed(0, 1).matmul(c)
      let awaited = share { c, g in (g - c).transposed(0, 1).matmul(c) }
      #expect(cross.distance(to: awaited) < 1e-9 * awaited.abs().max().item)
    }
  }
}
