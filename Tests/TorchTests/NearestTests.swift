import Testing

@testable import Torch

struct NearestTests {
  @Test func nearestNames() {
    #expect(["steps", "batch"].nearest(to: "step") == "steps")
    #expect(["steps", "batch"].nearest(to: "learningRate") == nil)
    #expect(slips("kitten", "sitting") == 3 && slips("", "ab") == 2 && slips("ab", "") == 2)
    #expect(
      ["fox", "cat"].nearest(to: "dog") == nil && ["fox", "cat"].nearest(to: "fxo") == "fox")
    #expect(["cat", "foxes"].nearest(to: "fox") == "foxes")
  }

  /// Slips of typing, and letters that sound alike; another word is none of them.
  @Test func misspellings() {
    for (text, meant) in [
      ("foxx", "fox"), ("foks", "fox"), ("focks", "fox"), ("Fox", "fox"),
      ("fotograph", "photograph"),
      ("kween", "queen"), ("elefant", "elephant"),
    ] { #expect(text.isMisspelling(of: meant), "\(text)") }
    for (text, other) in [("fox", "fox"), ("dog", "fox"), ("rocks", "fox"), ("oak", "owl")] {
      #expect(!text.isMisspelling(of: other), "\(text)")
    }
  }
}
