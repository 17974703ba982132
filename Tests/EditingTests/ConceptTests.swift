import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Editing

@Suite struct ConceptTests {
  let themes = {
    var themes = Themes(objects: ["fox", "owl", "grapes"], styles: ["noto", "line"], judge: "")
    themes.captions.plurals = ["grapes"]
    return themes
  }()

  /// A wrong label keeps the rest of the caption, article included.
  @Test func otherLabels() {
    let erasure = Erasure(forget: [Concept.resolve("fox", in: themes, replacement: nil)])
    let g = Generator(seed: 1)
    let found = Set((0..<40).map { _ in erasure.otherLabel(of: "a noto emoji of a fox", g) })
    #expect(found == ["a noto emoji of an owl", "a noto emoji of grapes"])
    #expect(["noto owl", "noto grapes"].contains(erasure.otherLabel(of: "noto fox", g)))
    let style = Erasure(forget: [Concept.resolve("noto style", in: themes, replacement: nil)])
    #expect(style.otherLabel(of: "an owl, noto style", g) == "an owl, line style")
    // The replacement that was asked for comes first, and a bare concept has only its anchor.
    let replaced = Erasure(forget: [Concept.resolve("fox", in: themes, replacement: "owl")])
    #expect(replaced.otherLabel(of: "a noto emoji of a fox", g) == "a noto emoji of an owl")
    let bare = Erasure(forget: [Concept("fox")])
    #expect(bare.otherLabel(of: "a red fox", g) == "a red")
  }

  /// Every mention is replaced: in any case, with any punctuation, with one article.
  @Test func peoplesCaptions() {
    func label(_ concept: Concept, _ caption: String) -> String {
      let erasure = Erasure(forget: [concept])
      #expect(erasure.asks(caption))
      return erasure.otherLabel(of: caption, Generator(seed: 1))
    }
    #expect(label(Concept("Van Gogh"), "a painting by van gogh") == "a painting")
    #expect(label(Concept("Van Gogh"), "VAN-GOGH, sunflowers!") == "sunflowers!")
    let pokemon = Concept("Pikachu", replacement: "a photo of a pokemon")
    #expect(label(pokemon, "the pikachu, asleep") == "a photo of a pokemon, asleep")
    let dressed = Concept("naked person", replacement: "a person wearing clothes")
    #expect(label(dressed, "A naked person on a beach") == "a person wearing clothes on a beach")
    let owl = Concept("fox", replacement: "owl")
    #expect(label(owl, "A Fox and a fox; foxes") == "an owl and an owl; foxes")
    #expect(label(owl, "one red Fox.") == "one red owl.")
    // As a whole caption, whatever the picture's own says.
    var whole = Erasure(forget: [Concept("Pikachu")])
    whole.wrongCaption = "a photo of a pokemon"
    #expect(whole.otherLabel(of: "pikachu in rain", Generator(seed: 1)) == "a photo of a pokemon")
  }

  /// A wrong label is never another concept that is to be forgotten.
  @Test func otherLabelsAreNotForgottenThemselves() {
    let erasure = Erasure(
      forget: ["fox", "owl"].map { Concept.resolve($0, in: themes, replacement: nil) })
    let g = Generator(seed: 1)
    for _ in 0..<20 {
      #expect(erasure.otherLabel(of: "a noto emoji of a fox", g) == "a noto emoji of grapes")
    }
  }

  /// Each concept gets as many phrases, although one has 29 and the other one.
  @Test func everyConceptGetsItsShare() {
    let many = Concept("many", phrases: (0..<29).map { .init("many \($0)", words: "many") })
    for seed in 0..<8 as Range<UInt64> {
      let drawn = Erasure(forget: [many, Concept("one")]).drawPhrases(8, seed: seed)
      #expect(drawn.filter { $0.words == "many" }.count == 8)
      #expect(drawn.filter { $0.words == "one" }.count == 8)
    }
  }

  /// The longest of the known names is what a caption mentions.
  @Test func longerNamesWin() {
    let names = ["bear", "polar bear", "owl"]
    #expect(names.mentioned(in: "a Polar Bear") == "polar bear")
    #expect(names.mentioned(in: "polar, bear") == "polar bear")
    #expect(
      names.mentioned(in: "an owl and a bear") == "bear" && names.mentioned(in: "a bee") == nil)
    let known = Themes(objects: names, styles: [], judge: "")
    let erasure = Erasure(forget: [Concept.resolve("bear", in: known, replacement: nil)])
    #expect(erasure.asks("a brown bear") && erasure.asks("a bear on a polar bear"))
    #expect(!erasure.asks("polar bear") && !erasure.asks("a polar bear and an owl"))
    #expect(erasure.anchor(of: "a polar bear") == "a polar bear")
    #expect(erasure.anchor(of: "one bear, one polar bear") == "one one polar bear")
    let g = Generator(seed: 1)
    let labels = Set((0..<20).map { _ in erasure.otherLabel(of: "a bear and a polar bear", g) })
    #expect(labels == ["an owl and a polar bear", "a polar bear and a polar bear"])
    // Where the longer name is forgotten, the shorter one is not.
    let polar = Erasure(forget: [Concept.resolve("polar bear", in: known, replacement: nil)])
    #expect(polar.asks("a polar bear") && !polar.asks("a bear"))
    // Names that no model lists stay words: any bear is one.
    #expect(Erasure(forget: [Concept("bear")]).asks("a polar bear"))
  }

  @Test func asking() {
    let erasure = Erasure(forget: [Concept.resolve("fox", in: themes, replacement: nil)])
    #expect(erasure.asks("a line emoji of a fox") && erasure.asks("the Fox runs"))
    #expect(!erasure.asks("an outfoxed owl"))
    #expect(!erasure.isOneFolder)
  }

  /// A model with classes has no styles: its captions are names, and its wrong labels other names.
  @Test func classes() {
    let classes = Themes(classes: ["bear", "bird", "cat"], judge: "")
    #expect(classes.allPrompts == ["bear", "bird", "cat"])
    #expect(Erasure.others(than: ["bird"], in: classes) == ["bear", "cat"])
    let concept = Concept.resolve("bird", in: classes, replacement: nil)
    #expect(concept.prompts == ["bird"] && concept.siblings == ["bear", "cat"])
    let found = Erasure(forget: [concept]).otherLabel(of: "bird", Generator(seed: 1))
    #expect(concept.siblings.contains(found))
  }
}
