// Training a CLIP on a few drawings.
import Diffusion
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Recipes
@testable import Workbench
@testable import Workflows

@Suite struct TrainCLIPTests {
  static var recipe: CLIPRecipe {
    var recipe = CLIPRecipe()
    recipe.data.folder = "data"
    recipe.data.styles = ["noto", "line"]
    recipe.captions.emptyShare = 0
    recipe.captions.styleShare = 0.2
    recipe.tokenizer.size = 540
    recipe.text = [
      "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
    ]
    recipe.vision = [
      "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
      "image_size": 16, "patch_size": 8,
    ]
    recipe.projection = 8
    recipe.training = Training(steps: 160, batch: 6, rate: 0.003)
    (recipe.augmentation.rotation, recipe.augmentation.scale, recipe.augmentation.shift) = (0, 0, 0)
    (recipe.augmentation.blurShare, recipe.augmentation.noise) = (0, 0)
    recipe.unseenObjectsEvery = 0
    return recipe
  }

  /// With one text a picture the loss is CLIP's: the mean of both cross-entropies.
  @Test func oneTextAPicture() {
    let logits = Tensor([2.0, 0, -1, 0.5, 1, 0, 0, -2, 3], [3, 3])
    let places = Tensor([0, 1, 2])
    let expected =
      (logits.crossEntropy(places) + logits.transposed(0, 1).crossEntropy(places)).item / 2
    let found = ContrastiveLoss.loss(logits, truth: Tensor.identity(3, .float64)).item
    #expect(abs(found - expected) < 1e-6)
  }

  /// Both texts are true of picture 0, none but the second of picture 1, and the third text of nothing. By hand:
  /// pictures (log(1 + 1 + e) + log(1 + e + 1) - 1/2 (0 + 0) - 1) / 2, texts likewise.
  @Test func severalTextsAPicture() {
    let logits = Tensor([0.0, 0, 1, 0, 1, 0], [2, 3])
    let truth = Tensor([1.0, 1, 0, 0, 1, 0], [2, 3])
    let l = log(2 + exp(1.0))
    let pictures = (l + (l - 1)) / 2
    let texts = (log(2) + (log(1 + exp(1.0)) - 0.5)) / 2
    let found = ContrastiveLoss.loss(logits, truth: truth).item
    #expect(abs(found - (pictures + texts) / 2) < 1e-6)
  }

  @Test func factsAreTrueOfDrawings() {
    #expect(Fact(object: 1, style: nil).isTrue(object: 1, style: 0))
    #expect(Fact(object: nil, style: 0).isTrue(object: 5, style: 0))
    #expect(!Fact(object: 1, style: 0).isTrue(object: 1, style: 1))
    #expect(!Fact(object: 1, style: nil).isTrue(object: 0, style: 0))
  }

  /// Recipes without a caption or a style are refused before the training.
  @Test func recipesThatTeachNothing() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      try TrainJudgeTests.data(folder)
      let changes: [(String, (inout CLIPRecipe) -> Void)] = [
        ("captions: 'both'", { $0.captions.both = [] }),
        ("data.styles: it is empty", { $0.data.styles = [] }),
      ]
      for (i, (words, change)) in changes.enumerated() {
        var recipe = Self.recipe
        change(&recipe)
        let run = try Run(folder.appendingPathComponent("run\(i)"), seed: 1)
        let error = #expect(throws: LetheError.self) {
          try TrainCLIP(recipe, run, on: .cpu)(dataRoot: folder)
        }
        #expect(error?.sentence.contains(words) == true, "\(error?.sentence ?? "")")
      }
    }
  }

  /// The trained network comes back from its folder and names drawings that it saw; the same recipe gives the same
  /// bits.
  @Test func learnsDrawings() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      try TrainJudgeTests.data(folder)
      func train(_ name: String, steps: Int) throws -> URL {
        var recipe = Self.recipe
        recipe.training.steps = steps
        let run = try Run(folder.appendingPathComponent(name), seed: 1)
        try TrainCLIP(recipe, run, on: .cpu)(dataRoot: folder)
        return run.file("clip")
      }
      let place = try train("a", steps: 160)
      let clip = try CLIPModel.load(place)
      let data = try StyledObjects(
        folder: folder.appendingPathComponent("data"), objects: nil, styles: ["noto", "line"])
      let (vectors, texts) = withoutGradients {
        (
          clip.imageVectors(clip.processor((try? data.load()) ?? Tensor.zeros([6, 3, 16, 16]))),
          clip.textVectors(["a picture of a fox", "a picture of a cat", "a picture of an owl"])
        )
      }
      let seen = clip.logits(vectors, texts).argmax(1).ints
      #expect(zip(seen, data.pictures).filter { $0 == $1.object }.count >= 5)
      let file = "model.safetensors"
      #expect(
        try Data(contentsOf: train("b", steps: 4).appendingPathComponent(file))
          == Data(contentsOf: train("c", steps: 4).appendingPathComponent(file)))
    }
  }

  /// Captions have the ids that the tokenizer gives them, and state what the drawing shows.
  @Test func captionsKeepTheirFacts() throws {
    try Fixtures.temporaryFolder { folder in
      try TrainJudgeTests.data(folder)
      let data = try StyledObjects(
        folder: folder.appendingPathComponent("data"), objects: nil, styles: ["noto", "line"])
      let captions = Self.recipe.captions
      let (vocabulary, merges) = BytePairs.train(on: ["a noto emoji of a fox"], size: 530)
      let tokenizer = try CLIPTokenizer(
        pairs: BytePairs(
          vocabulary: Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) }),
          merges: merges), length: 24)
      let tokens = CaptionTokens(captions, data, tokenizer)
      let owl = data.pictures[5]
      for index in 0..<40 {
        let (fact, ids) = tokens.draw(owl, Step(index: index, seed: 1))
        #expect(fact.isTrue(object: 2, style: 1))
        let templates =
          fact.object == nil
          ? captions.style : fact.style == nil ? captions.object : captions.both
        let possible = templates.map {
          tokenizer(
            captions.fill(
              $0, object: fact.object.map { _ in "owl" }, style: fact.style.map { _ in "line" }))
        }
        #expect(possible.contains(ids))
      }
    }
  }

  /// The twin never sees an object of the first group, nor one style of the second where they show one drawing.
  @Test func withheldDrawings() throws {
    try Fixtures.temporaryFolder { folder in
      try TrainJudgeTests.data(folder)
      let data = try StyledObjects(
        folder: folder.appendingPathComponent("data"), objects: nil, styles: ["noto", "line"])
      var recipe = Self.recipe
      (recipe.unseenObjectsEvery, recipe.unseenDrawingsEvery) = (3, 2)
      recipe.sameDrawing = []
      let apart = Withheld(recipe, data)
      #expect(apart.objects.map { data.pictures[$0].object } == [2, 2])
      #expect(apart.drawings == [0])
      recipe.sameDrawing = [["noto", "line"]]
      #expect(Withheld(recipe, data).drawings == [0, 1])
      (recipe.training.steps, recipe.training.batch) = (2, 2)
      let run = try Run(folder.appendingPathComponent("run"), seed: 1)
      try TrainCLIP(recipe, run, on: .cpu)(dataRoot: folder)
      let card = try JSON(contentsOf: run.file("clip/judge.json"))
      let measured = try #require(card["measured"]?.members)
      #expect(measured["heldOut"]?.string?.contains("lacked 2 drawings of objects") == true)
      let alone: MeasuredValue = try #require(measured["heldOut.unseen-object.object"]).decoded()
      // One object is unseen, and its name is the only answer.
      #expect(alone.n == 2 && alone.value == 1)
      #expect(measured.count == 5)
      let templates = card["templates"]
      #expect(templates?["object"]?.array?.first?.string == "a picture of {a}")
      #expect(templates?["object"]?.array?.last?.string == "{name}")
      #expect(templates?["style"]?.array?.first?.string == "{a} picture")
      #expect(templates?["style"]?.array?.last?.string == "{name} style")
    }
  }

  /// The first drawings of an order hold the share of named objects, and every drawing occurs once.
  @Test func batchesHoldNamedObjects() throws {
    try Fixtures.temporaryFolder { folder in
      try TrainJudgeTests.data(folder)
      let data = try StyledObjects(
        folder: folder.appendingPathComponent("data"), objects: nil, styles: ["noto", "line"])
      var recipe = Self.recipe
      (recipe.named, recipe.namedShare, recipe.training.batch) = (["owl"], 0.5, 4)
      let pool = try DrawingPool(recipe, data, Array(0..<6))
      var orders: Set<[Int]> = []
      for index in 0..<8 {
        let order = pool.order(Step(index: index, seed: 1))
        #expect(order.sorted() == [0, 1, 2, 3, 4, 5])
        #expect(order.prefix(4).filter { data.pictures[$0].object == 2 }.count == 2)
        orders.insert(order)
      }
      #expect(orders.count > 1)
      recipe.named = ["unicorn"]
      #expect(throws: LetheError.self) { try DrawingPool(recipe, data, [0]) }
    }
  }

  @Test func refusals() throws {
    try Fixtures.temporaryFolder { folder in
      try TrainJudgeTests.data(folder)
      func sentence(_ change: (inout CLIPRecipe) -> Void) -> String {
        var recipe = Self.recipe
        change(&recipe)
        do {
          let run = try Run(folder.appendingPathComponent("run"), seed: 1)
          try TrainCLIP(recipe, run, on: .cpu)(dataRoot: folder)
          return ""
        } catch { return "\(error)" }
      }
      #expect(sentence { $0.captions.emptyShare = 0.1 }.contains("no empty captions"))
      #expect(sentence { $0.training.batch = 7 }.contains("accepted: 1 to 6"))
    }
  }
}
