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
    // What was asked for instead comes first, and a bare concept has only its anchor.
    let replaced = Erasure(forget: [Concept.resolve("fox", in: themes, replacement: "owl")])
    #expect(replaced.otherLabel(of: "a noto emoji of a fox", g) == "a noto emoji of an owl")
    let bare = Erasure(forget: [Concept("fox")])
    #expect(bare.otherLabel(of: "a red fox", g) == "a red ")
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
