import Diffusion
import TestSupport
import Testing
import Tokenizers

@Suite struct PromptTokenizerTests {
  /// Where `!` is the pad token no text gives a token with one in it: an attack has no use for it, and a text that has
  /// some comes back.
  @Test(arguments: ["tiny-sd2", "tiny-sdxl"]) func specialTokensAreNoWords(_ kind: String) throws {
    let model = try DiffusionModel.load(Fixtures.url(kind))
    let tokenizer = try model.tokenizer(for: "a test")
    let decoder = tokenizer.decoder()
    for id in decoder.words {
      #expect(!decoder.text([id]).contains("!"), "\(decoder.text([id]))")
    }
    #expect(decoder.words.count > 400)
    let ids = tokenizer.words("!!! a fox!").rows[0]
    #expect(tokenizer.words(decoder.text(ids)).rows[0] == ids)
  }
}
