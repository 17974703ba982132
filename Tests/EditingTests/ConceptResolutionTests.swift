import Testing
import Torch
import Training

@testable import Editing

@Suite struct ConceptResolutionTests {
  @Test func namesResolveToCaptions() {
    let themes = Themes(
      objects: ["fox", "owl", "cat", "dog"], styles: ["noto", "line"], judge: "")
    let fox = Concept.resolve("fox", in: themes, replacement: nil)
    #expect(
      fox.phrases.contains {
        $0.prompt == "a noto picture of a fox" && $0.words == "fox" && $0.anchor == "a noto picture"
      })
    let owl = Concept.resolve("fox", in: themes, replacement: "owl")
    #expect(
      owl.phrases.contains {
        $0.prompt == "a noto picture of a fox" && $0.anchor == "a noto picture of an owl"
      })
    let style = Concept.resolve("line style", in: themes, replacement: nil)
    #expect(
      style.phrases.contains {
        $0.prompt == "a line picture" && $0.words == "line" && $0.anchor.isEmpty
      })
    #expect(Concept.resolve("Van Gogh", in: themes, replacement: nil).prompts == ["Van Gogh"])
    let others = Erasure.others(than: ["fox"], in: themes)
    #expect(!others.contains { $0.contains("fox") } && others.contains("an owl, line style"))
  }
}
