import Foundation
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct CaptionsTests {
  @Test func captionsHaveArticles() {
    var captions = Captions()
    #expect(
      captions.fill("a {style} emoji of {object}", object: "owl", style: "openmoji")
        == "an openmoji emoji of an owl")
    #expect(captions.fill("{style} {name}", object: "fox", style: "noto") == "noto fox")
    #expect(captions.fill("{object}", object: "tongs", style: nil) == "a tongs")
    captions.plurals = ["tongs"]
    #expect(captions.fill("{object}", object: "tongs", style: nil) == "tongs")
    #expect(captions.fill("{object}", object: "fox", style: nil) == "a fox")
  }

  @Test func sharesOfCaptionsAreDrawn() {
    let captions = Captions()
    let drawn = (0..<400).map {
      captions.draw(object: "fox", style: "noto", Step(index: $0, seed: 1))
    }
    let empty = drawn.filter(\.isEmpty).count
    #expect(empty > 15 && empty < 80)
    #expect(drawn.contains { $0.contains("noto") && $0.contains("fox") })
  }

  /// The embedded model is asked for everything as in version 0.1, which had the plurals in its code.
  @Test func theEmbeddedModelIsAskedAsBefore() throws {
    let model = Fixtures.package.appendingPathComponent("Models/emoji")
    let themes = try #require(try Themes.load(model))
    let before = [
      "grapes", "cherries", "scissors", "glasses", "sunglasses", "french fries", "skis",
    ]
    for name in themes.objects + themes.styles + before {
      let article = "aeiou".contains(name.prefix(1)) ? "an \(name)" : "a \(name)"
      #expect(themes.captions.withArticle(name) == (before.contains(name) ? name : article))
    }
    #expect(themes.allPrompts.contains("a noto emoji of grapes"))
    #expect(themes.allPrompts.contains("an emojione picture of an umbrella"))
    for file in ["recipe.json", "recipe-first.json"] {
      // The captions stand in the recipe, and no default of the program is theirs.
      let recipe = try JSON(contentsOf: model.appendingPathComponent(file))["captions"]
      func texts(_ key: String) -> [String]? { recipe?[key]?.array?.compactMap(\.string) }
      #expect(texts("plurals") == themes.captions.plurals)
      #expect(texts("both") == themes.captions.both)
      #expect(texts("object") == themes.captions.object)
      #expect(texts("style") == themes.captions.style)
    }
    let usual = Captions()
    #expect((usual.both + usual.object + usual.style).allSatisfy { !$0.contains("emoji") })
  }

  /// A file of version 0.1 has no plurals, and is read as it was.
  @Test func filesOfVersionOneAreReadable() throws {
    var old = try JSON(encoding: Themes(objects: ["fox"], styles: ["noto"], judge: "judge"))
    old["captions"]?["plurals"] = nil
    old["captions"]?["both"] = ["{name} of {style}"]
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("themes.json")
      try Data(old.pretty.utf8).write(to: file)
      let themes = try #require(try Themes.load(folder))
      #expect(themes.captions.plurals.isEmpty && themes.allPrompts == ["fox of noto"])
      old["captions"]?["style"] = nil
      try Data(old.pretty.utf8).write(to: file)
      #expect(throws: LetheError.self) { try Themes.load(folder) }
    }
  }
}
