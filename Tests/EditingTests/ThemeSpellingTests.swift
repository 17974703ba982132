import Editing
import Testing
import Torch
import Training

struct ThemeSpellingTests {
  private let themes = Themes(
    objects: ["fox", "owl", "castle", "ice cream"], styles: ["noto", "symbola"], judge: "")

  private func refusal(_ name: String) -> String? {
    do {
      try themes.refuseMisspelling(name)
      return nil
    } catch { return "\(error)" }
  }

  @Test(arguments: [
    ("fxo", "fox"), ("Fox", "fox"), ("fo", "fox"), ("foxx", "fox"), ("caslte", "castle"),
    ("Ice Cream", "ice cream"), ("Symbola style", "symbola style"), ("notto", "noto"),
  ])
  func nearNamesAreRefused(_ name: String, _ meant: String) {
    #expect(refusal(name)?.contains("did you mean '\(meant)'?") == true, "\(refusal(name) ?? "")")
  }

  @Test(arguments: ["fox", "noto style", "wolf", "a photo of a bus", "Van Gogh", "foxes"])
  func otherNamesAreTaken(_ name: String) { #expect(refusal(name) == nil) }

  /// Several names in one text are taken apart, as options that a shell reads.
  @Test func listsAreRefused() {
    #expect(refusal("fox,owl")?.contains("give --concept fox --concept owl") == true)
    #expect(refusal("fox, ice cream")?.contains("--concept fox --concept 'ice cream'") == true)
    #expect(refusal("ink, paper") == nil)
  }

  @Test func strangePromptsAreNoted() {
    #expect(themes.strangeNote(["a noto emoji of a fox", "an owl"]) == nil)
    #expect(themes.strangeNote(["a noto picture", "a symbola fox"]) == nil)
    let alone = themes.strangeNote(["a noto emoji of a dragon"])
    #expect(alone?.hasPrefix("the prompt 'a noto emoji of a dragon' names none of the ") == true)
    let note = themes.strangeNote(["a bus", "a fox", "a tram"])
    #expect(
      note?.contains("the prompt 'a bus' and 1 more name none") == true
        && note?.contains("4 objects") == true)
    #expect(themes.freeWordsNote("fox", in: "m") == nil)
    let foreign = themes.freeWordsNote("bus", in: "my model")
    #expect(foreign?.hasPrefix("'bus' is not among the ") == true)
    #expect(foreign?.contains("`lethe show 'my model'` prints them") == true, "\(foreign ?? "")")
    // A style that is named without the word is said to be one.
    #expect(themes.freeWordsNote("noto style", in: "m") == nil)
    #expect(
      themes.freeWordsNote("noto", in: "m")?.hasPrefix("'noto' is taken for 'noto style'") == true)
  }
}
