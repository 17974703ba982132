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
    ("fxo", "fox"), ("Fxo", "fox"), ("fo", "fox"), ("foxx", "fox"), ("caslte", "castle"),
    ("Ice Crem", "ice cream"), ("Symbla style", "symbola style"), ("notto", "noto"),
  ])
  func nearNamesAreRefused(_ name: String, _ meant: String) {
    #expect(refusal(name)?.contains("did you mean '\(meant)'?") == true, "\(refusal(name) ?? "")")
  }

  @Test(arguments: ["fox", "noto style", "wolf", "a photo of a bus", "Van Gogh", "foxes", "Fox"])
  func otherNamesAreTaken(_ name: String) { #expect(refusal(name) == nil) }

  /// Capital letters make no other name, unless the model lists both.
  @Test func capitalsAreOneName() throws {
    for (name, listed) in [
      ("Fox", "fox"), (" FOX ", "fox"), ("Ice Cream", "ice cream"), ("Noto", "noto"),
      ("Symbola Style", "symbola style"),
    ] {
      #expect(Concept.name(of: name, in: themes) == listed)
      let note = themes.readingNote(name)
      #expect(note?.hasSuffix("is read as '\(listed)', as the model lists it") == true, "\(name)")
    }
    #expect(themes.readingNote("fox") == nil && themes.readingNote("wolf") == nil)
    #expect(themes.find("SYMBOLA")?.kind == .style && themes.spelled("Wolf") == nil)
    let both = Themes(objects: ["turkey", "Turkey"], styles: [], judge: "")
    #expect(both.find("Turkey")?.name == "Turkey" && both.find("turkey")?.name == "turkey")
    #expect(both.readingNote("Turkey") == nil)
    let concept = try Concept.resolve("Fox", in: themes, replacement: nil, ConceptWording())
    #expect(
      try concept == Concept.resolve("fox", in: themes, replacement: nil, ConceptWording()))
  }

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
