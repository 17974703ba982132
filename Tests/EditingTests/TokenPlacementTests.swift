import Diffusion
import TestSupport
import Testing
import Torch

@testable import Editing

@Suite struct TokenPlacementTests {
  @Test func placements() {
    let words = PromptTokens([[10, 11, 12, 13]])
    #expect(TokenPlacement.prefix.ids(words, adversary: [1, 2]) == [1, 2, 10, 11, 12, 13])
    #expect(TokenPlacement.suffix.ids(words, adversary: [1, 2]) == [10, 11, 12, 13, 1, 2])
    // As the released code does: m = 4 / 3 = 1 words before each.
    #expect(TokenPlacement.insert.ids(words, adversary: [1, 2]) == [10, 1, 11, 2, 12, 13])
    #expect(TokenPlacement.insert.ids(words, adversary: [1]) == [10, 11, 1, 12, 13])
    #expect(TokenPlacement.insert.ids(PromptTokens([[10]]), adversary: [1, 2]) == [1, 2, 10])
    #expect(TokenPlacement.everyThird.ids(words, adversary: [1, 2]) == [1, 10, 11, 12, 2, 13])
    #expect(
      TokenPlacement.everyThird.ids(words, adversary: [1, 2, 3]) == [1, 10, 11, 12, 2, 13, 3])
    #expect(TokenPlacement.replace.ids(words, adversary: [1, 2]) == [1, 2])
    #expect(
      TokenPlacement.replace.length(words, 3) == 3 && TokenPlacement.insert.length(words, 3) == 7)
  }

  /// With the embeddings of real tokens in the adversary's places, the sequence is that of the prompt with them.
  @Test(arguments: TokenPlacement.allCases, ["tiny-sd1", "tiny-sdxl"])
  func adversarialPromptsAreThePromptsTheySpell(
    _ placement: TokenPlacement, _ kind: String
  ) throws {
    let model = try DiffusionModel.load(Fixtures.url(kind))
    let tokenizer = try model.tokenizer(for: "a test")
    let prompts = ["a noto emoji of a fox", "fox", "!!! a fox"]
    let ids = ["cat", "dog"].map { tokenizer.words($0).rows[0][0] }
    let places = try AdversarialPrompts(prompts, tokenizer, model, placement, tokens: 2)
    let adversary = model.wordEmbeddings(prompts.map { _ in tokenizer.same(ids) })
    let expected = prompts.map { prompt in
      // One row for each encoder, which cut the prompt in ways of their own.
      tokenizer.padded(
        PromptTokens(
          tokenizer.words(prompt).rows.map {
            placement.ids(PromptTokens([$0]), adversary: ids)
          }))
    }
    #expect(places.embeddings(adversary).distance(to: model.wordEmbeddings(expected)) == 0)
    #expect(
      places.rows([1]).embeddings(adversary.narrowed(0, 1, 1))
        .distance(to: model.wordEmbeddings([expected[1]])) == 0)
    let long = String(repeating: "fox ", count: tokenizer.length)
    if placement != .replace {
      #expect(throws: LetheError.self) {
        try AdversarialPrompts([long], tokenizer, model, placement, tokens: 1)
      }
    }
  }
}
