// Concepts that a model does not list: kinds, and words given by hand.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Editing

@Suite struct ConceptWordingTests {
  func resolve(
    _ name: String, _ kind: ConceptKind? = nil, replacement: String? = nil, anchor: String? = nil,
    prompts: [String] = [], related: [String] = [], unrelated: [String] = [], themes: Themes? = nil
  ) throws -> Concept {
    try Concept.resolve(
      name, in: themes, replacement: replacement,
      ConceptWording(
        kind: kind, anchor: anchor, prompts: prompts, related: related, unrelated: unrelated))
  }

  /// Words that are nearly those of a built-in list are told; others, and other capitals, are not.
  @Test func nearlyKnownWordsAreTold() {
    #expect(KnownSubjects.spellingNote("foks")?.hasPrefix("'foks' is nearly 'fox'") == true)
    #expect(KnownSubjects.spellingNote("Vincent van Gog")?.contains("Gogh") == true)
    for name in ["fox", "Fox", "zzyzx", "Van Gogh", "logo"] {
      #expect(KnownSubjects.spellingNote(name) == nil, "\(name)")
    }
  }

  /// "a fox", "A fox" and "fox" are one concept, and no template doubles the article.
  @Test func articles() throws {
    for kind in [nil, ConceptKind.object, .content] {
      #expect(try resolve("a fox", kind) == resolve("fox", kind))
      #expect(try resolve("The fox ", kind).name == "fox")
    }
    let prompts = try resolve("an owl", .object).prompts
    #expect(prompts.contains("a photo of an owl") && prompts.first == "owl")
    for kind in ConceptKind.allCases {
      for name in kind.knownSubjects + ["a fox", "the Eiffel Tower", "an hour glass"] {
        let subject = SubjectName(name, kind)
        for text in kind.trainingTemplates.map({ $0.filled(with: subject) }) {
          let words = text.lowercased().split(separator: " ")
          let articles: Set<Substring> = ["a", "an", "the"]
          let doubled = zip(words, words.dropFirst()).contains {
            articles.contains($0) && articles.contains($1)
          }
          #expect(!doubled, "\(text)")
        }
      }
    }
    let forms = [
      "unicorn": "a unicorn", "umbrella": "an umbrella", "scissors": "scissors", "bus": "a bus",
      "the Eiffel Tower": "the Eiffel Tower", "French horn": "a French horn", "Pikachu": "Pikachu",
      "hour glass": "an hour glass", "skis": "skis", "wine glass": "a wine glass",
    ]
    for (name, form) in forms { #expect(SubjectName(name).withArticle == form) }
  }

  /// Captions of other people lose the name to the anchor of the request, or without one leave no dangling word.
  @Test func captionsOfOthers() throws {
    func anchor(_ concept: Concept, _ caption: String) -> String {
      Erasure(forget: [concept]).anchor(of: caption)
    }
    let dog = try resolve("fox", anchor: "dog")
    #expect(anchor(dog, "a picture with a fox in the snow") == "a picture with a dog in the snow")
    let none = try resolve("fox")
    #expect(anchor(none, "a picture with a fox") == "a picture")
    #expect(anchor(try resolve("Van Gogh"), "oil on canvas by van gogh") == "oil on canvas")
    // The anchor of an artist is a whole prompt, which captions of others are not.
    let artist = try resolve("Van Gogh", .artist, anchor: "a painting")
    #expect(anchor(artist, "oil on canvas by van gogh") == "oil on canvas")
  }

  /// The words that each kind makes of a name: prompt, prompt without it, and the broader concept.
  @Test func kinds() throws {
    func phrase(_ name: String, _ kind: ConceptKind, _ prompt: String) throws -> [String?] {
      let found = try #require(resolve(name, kind).phrases.first { $0.prompt == prompt })
      return [found.words, found.anchor, found.broader]
    }
    #expect(
      try phrase("fox", .object, "a photo of a fox") == ["fox", "a photo", "a photo of an animal"])
    #expect(try phrase("fox", .object, "fox") == ["fox", "", "an animal"])
    #expect(try phrase("blorb", .object, "blorb") == ["blorb", "", "an object"])
    #expect(
      try phrase("watercolor style", .style, "a painting in watercolor style")
        == ["watercolor", "a painting", "a painting"])
    #expect(
      try phrase("Van Gogh", .artist, "art by Van Gogh") == ["Van Gogh", "art", "art"])
    #expect(try phrase("Van Gogh", .artist, "Van Gogh") == ["Van Gogh", "", "a painting"])
    #expect(
      try phrase("Alan Turing", .person, "a photo of Alan Turing")
        == ["Alan Turing", "a photo", "a photo of a person"])
    #expect(
      try phrase("nudity", .content, "a photo of nudity")
        == ["nudity", "a photo", "a photo of people"])
    #expect(
      ConceptKind.content.prompts(of: ["a wedding", "people at work"])
        == ["a photo of a wedding", "a photo of people at work"])
    // No sibling is the concept under a longer name.
    #expect(try !resolve("Van Gogh", .artist).siblings.contains("Vincent van Gogh"))
    #expect(try resolve("Van Gogh", .artist).siblings.contains("Claude Monet"))
    #expect(try resolve("fox", .object).siblings.contains("cat"))
    #expect(KnownSubjects.everyday.count == 80 && Set(KnownSubjects.everyday).count == 80)
  }

  /// Templates of training and of evaluation have nothing in common.
  @Test(arguments: ConceptKind.allCases) func templatesAreDisjoint(_ kind: ConceptKind) {
    let name = SubjectName("blorb")
    let trained = Set(
      ConceptKind.allCases.flatMap(\.trainingTemplates).map { $0.filled(with: name) })
    let judged = Set(kind.evaluationTemplates.map { $0.filled(with: name) })
    #expect(judged.count >= 4 && trained.isDisjoint(with: judged))
    #expect(judged.allSatisfy { $0.mentions("blorb") })
  }

  /// By hand: prompts, anchors in place of words or whole, neighbours.
  @Test func byHand() throws {
    let given = try resolve("fox", prompts: ["a fox in snow", "red fox"])
    #expect(given.phrases.map(\.anchor) == ["snow", "red"])
    #expect("a small picture, fox!".without("fox") == "a small picture,")
    // An article stays with the noun that it belongs to.
    for (text, words, rest) in [
      ("a noto emoji of a fox", "noto", "an emoji of a fox"), ("a noto emoji", "noto", "an emoji"),
      ("a noto cactus", "noto", "a cactus"), ("noto grapes", "noto", "grapes"),
      ("a Van Gogh painting", "Van Gogh", "a painting"), ("The fox emoji", "fox", "The emoji"),
      ("the fox emoji", "fox", "the emoji"),
      ("a fox in the snow", "fox", "the snow"),
      ("a fox sitting on a bench", "fox", "sitting on a bench"),
      ("a fox that jumps", "fox", "that jumps"), ("a fox, noto style", "fox", "noto style"),
    ] {
      #expect(text.without(words) == rest, "\(text.without(words))")
    }
    // The words of a request come with the article that they have; captions that bring one get no second.
    let bare = try resolve("fox", .object, anchor: "an emoji")
    #expect(bare.phrases.prefix(2).map(\.anchor) == ["an emoji", "a photo of an emoji"])
    var listed = Themes(objects: ["fox", "owl"], styles: ["noto"], judge: "")
    listed.captions = Captions()
    let replaced = try resolve("fox", replacement: "an owl", themes: listed)
    #expect(replaced.phrases[0].anchor == "an owl, noto style")
    #expect(
      replaced.phrases.allSatisfy { !$0.anchor.contains("an an") && !$0.anchor.contains("a an") })
    let painted = try resolve("Van Gogh", prompts: ["a painting by Van Gogh"])
    #expect(painted.phrases[0].anchor == "a painting")
    let error = try #require(throws: LetheError.self) {
      try resolve("fox", prompts: ["a wolf"])
    }
    #expect(error.description.contains("does not mention 'fox'"))
    let animal = try resolve("fox", .object, anchor: "animal")
    #expect(animal.phrases[1].anchor == "a photo of an animal" && !animal.isReplaced)
    #expect(animal.phrases.allSatisfy { $0.broader == nil })
    let painting = try resolve("Van Gogh", .artist, anchor: "a painting")
    #expect(painting.phrases.allSatisfy { $0.anchor == "a painting" })
    #expect(try resolve("fox", anchor: "a dog").phrases.map(\.anchor) == ["a dog"])
    let dog = try resolve("fox", .object, replacement: "dog")
    #expect(dog.phrases[1].anchor == "a photo of a dog" && dog.isReplaced)
    #expect(dog.phrases.allSatisfy { $0.broader == nil })
    let near = try resolve("fox", .object, related: ["wolf", "a jackal"], unrelated: ["bus"])
    let erasure = Erasure(forget: [near])
    #expect(near.siblings == ["wolf", "a jackal"])
    #expect(erasure.othersOfKind.contains { $0.mentions("bus") })
    #expect(erasure.othersOfKind.count == 3)
    #expect(!erasure.othersOfKind.contains { $0.contains("a a jackal") })
  }

  /// The model's own list comes first, and contradicts another kind.
  @Test func listedConcepts() throws {
    let themes = Themes(objects: ["fox", "owl"], styles: ["noto"], judge: "")
    #expect(
      try resolve("a fox", themes: themes)
        == Concept.resolve("fox", in: themes, replacement: nil))
    #expect(
      try resolve("fox", .object, themes: themes)
        == Concept.resolve("fox", in: themes, replacement: nil))
    let error = try #require(throws: LetheError.self) {
      try resolve("fox", .artist, themes: themes)
    }
    #expect(error.description.contains("lists 'fox' as object"))
    let anchored = try resolve("fox", anchor: "animal", themes: themes)
    let anchors = Set(anchored.phrases.map(\.anchor))
    #expect(anchors.contains("a noto picture of an animal") && !anchors.contains(""))
  }

  /// A template of the user's stands for every name; an article before the place follows the name's first sound.
  @Test func templatesForAName() throws {
    func filled(_ text: String, _ name: String, _ kind: ConceptKind? = nil) -> String {
      ConceptTemplate(parsing: text).filled(with: SubjectName(name, kind))
    }
    #expect(filled("a noto emoji of a {concept}", "owl") == "a noto emoji of an owl")
    #expect(filled("an emoji of an {concept}", "fox") == "an emoji of a fox")
    #expect(filled("{a}, line style", "skis") == "skis, line style")
    #expect(filled("a {concept} painting", "Van Gogh", .artist) == "a Van Gogh painting")
    #expect(
      ConceptTemplate("a fox by the sea", naming: SubjectName("fox"))
        .filled(with: SubjectName("owl")) == "an owl by the sea")
    #expect(ConceptTemplate.isTemplate("{a} at night") && !ConceptTemplate.isTemplate("a fox"))
    let concept = try Concept.resolve(
      "fox", in: nil, replacement: nil, ConceptWording(prompts: ["a noto emoji of {a}"]))
    #expect(
      concept.phrases == [.init("a noto emoji of a fox", words: "fox", anchor: "a noto emoji")])
  }

  /// The embedded text encoder takes 14 tokens: prompts of a kind that have more are left out, a concept with none is
  /// refused.
  @Test func promptsThatDoNotFit() throws {
    let layout = try Layout.of(Fixtures.package.appendingPathComponent("Models/emoji"))
    let style = try resolve("line drawing", .style)
    let (fitting, note) = try style.fitting(layout)
    #expect(fitting.phrases.map(\.prompt).contains("line drawing style"))
    #expect(fitting.phrases.count < style.phrases.count)
    #expect(fitting.phrases.allSatisfy { layout.cut([$0.prompt, $0.anchor]) == nil })
    #expect(note?.contains("14 tokens") == true)
    #expect(try resolve("fox", .object).fitting(layout).note == nil)
    let long = try resolve("a very long description of something that nobody ever drew", .object)
    #expect(throws: LetheError.self) { try long.fitting(layout) }
  }

  /// Near and far subjects of a free word, without a list of the model and without prompts to keep.
  @Test func neighboursOfFreeWords() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let free = try Erasure(forget: [Concept("fox")]).neighbours(5, in: model)
    #expect(free.related.count == 5 && free.unrelated.count == 5)
    #expect(Set(free.related).isDisjoint(with: free.unrelated))
    #expect(!(free.related + free.unrelated).contains { $0.mentions("fox") })
    let artist = try Erasure(forget: [resolve("Van Gogh", .artist)]).neighbours(2, in: model)
    #expect(artist.related.allSatisfy { !$0.mentions("Van Gogh") })
    #expect(artist.related[0].hasPrefix("a painting by "))
    let named = try Erasure(
      forget: [resolve("fox", .object, related: ["wolf"], unrelated: ["bus"])]
    ).neighbours(5, in: model)
    #expect(named.related == ["a photo of a wolf"] && named.unrelated == ["a photo of a bus"])
    // Prompts to keep are no neighbours that an attack on the model may lose.
    let kept = try Erasure(forget: [Concept("fox")], preserve: ["a tree"]).neighbours(5, in: model)
    #expect(kept.related == free.related && kept.unrelated == free.unrelated)
  }

  /// Every concept has its turn, whatever the number of its prompts, and each prompt comes once before one comes again.
  @Test func promptsTakeTurns() throws {
    var many = Concept("fox")
    many.phrases = (0..<29).map { Concept.Phrase("fox \($0)", words: "fox", anchor: "") }
    let drawn = Erasure(forget: [many, Concept("cat")])
      .promptsInTurn(30, Generator(seed: 1))
    #expect(drawn.filter { $0.mentions("cat") }.count == 15)
    #expect(Set(drawn.filter { $0.mentions("fox") }).count == 15)
    #expect(
      Erasure(forget: [many]).promptsInTurn(29, Generator(seed: 2)).sorted()
        == many.prompts.sorted())
  }

  /// A caption that asks for two concepts keeps neither, and no label is another forgotten concept.
  @Test func labelsOfSeveralConcepts() {
    let themes = Themes(objects: ["fox", "owl", "cat"], styles: ["noto", "line"], judge: "")
    let erasure = Erasure(
      forget: ["fox", "owl", "noto style"].map {
        Concept.resolve($0, in: themes, replacement: nil)
      })
    let g = Generator(seed: 3)
    for caption in ["a noto emoji of a fox", "a fox and an owl, noto style", "an owl", "noto fox"] {
      for _ in 0..<10 {
        let label = erasure.otherLabel(of: caption, g)
        #expect(!erasure.asks(label), "\(label)")
      }
      #expect(!erasure.asks(erasure.anchor(of: caption)), "\(erasure.anchor(of: caption))")
    }
    var replaced = Erasure(
      forget: ["fox", "noto style"].map { Concept.resolve($0, in: themes, replacement: nil) })
    replaced.forget[0].siblings = ["owl", "snowy owl", "noto"]
    for _ in 0..<20 { #expect(!replaced.otherLabel(of: "a fox", g).mentions("noto")) }
  }
}
