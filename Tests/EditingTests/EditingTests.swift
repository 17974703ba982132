import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct EditingTests {
  @Test func selectionsMatchComponentsNotPrefixes() throws {
    let selection = ParameterSelection("layer 1") { $0.components.starts(with: ["layers", "1"]) }
    #expect(selection.matches(ParameterPath("layers.1.weight")))
    #expect(!selection.matches(ParameterPath("layers.10.weight")))
    #expect(try ParameterSelection.named("esd-x").name == "xattn")
    let error = try #require(throws: LetheError.self) { try ParameterSelection.named("xatn") }
    #expect(error.description.contains("did you mean 'xattn'"))
  }

  @Test func selectionsCoverWhatTheySay() throws {
    let large = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
    for selection in ParameterSelection.all {
      let paths = selection.paths(of: large.parameters)
      #expect(!paths.isEmpty && paths.count < large.parameters.paths.count, "\(selection.name)")
    }
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    for selection in ParameterSelection.all where selection.name != "text_encoder_2" {
      let paths = selection.paths(of: model.parameters)
      #expect(!paths.isEmpty && paths.count < model.parameters.paths.count, "\(selection.name)")
    }
    let keysValues = ParameterSelection.crossAttentionKeysValues.paths(of: model.parameters)
    // Down 1, middle 1, up 2 transformer blocks, two matrices each.
    #expect(keysValues.count == 8)
    #expect(
      ParameterSelection.textEncoder.paths(of: model.parameters).allSatisfy {
        !$0.name.contains("embedding")
      })
  }

  @Test func vectorsAddAndMultiply() {
    let (p, q) = (ParameterPath("p"), ParameterPath("q"))
    let a = ParameterVector([p: Tensor([1, 2] as [Float])])
    let b = ParameterVector([p: Tensor([3, 4] as [Float]), q: Tensor([5] as [Float])])
    #expect((a + b).tensors[p]?.floats == [4, 6] && (a + b).tensors[q]?.floats == [5])
    #expect((a - b).tensors[q]?.floats == [-5])
    #expect(a.dot(b) == 11 && b.norm * b.norm > 49.99 && (2 * a).dot(a) == 10)
  }

  /// A dictionary has another order in every process, and so had the last digits of a sum over it.
  @Test func sumsHaveOneOrder() {
    let values = [1e16, 1, -1e16, 3, 1e16, 5, -1e16, 7]
    let vector = ParameterVector(
      Dictionary(
        uniqueKeysWithValues: values.enumerated().map {
          (ParameterPath("p\($0)"), Tensor([$1], [1]))
        }))
    let ones = vector.map { Tensor.ones(like: $1) }
    #expect(vector.dot(ones) == values.reduce(0, +))
  }

  /// Laid on and taken back; a sum of two equals both in turn.
  @Test func erasersComeBack() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let path = ParameterSelection.crossAttention.paths(of: model.parameters)[0]
    let base = try #require(model.parameters[path])
    let before = base.cloned()
    var card = Eraser.Card()
    (card.method, card.concepts, card.base) = ("test", ["fox"], model.hash())
    let eraser = Eraser(card, ParameterVector([path: Tensor.ones(base.shape)]))
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("i.safetensors")
      try eraser.write(to: file)
      let read = try Eraser(contentsOf: file)
      #expect(read.card == card)
      let once = try model.applying([read])
      #expect(try #require(once.parameters[path]).distance(to: before + 1) == 0)
      #expect(base.isIdentical(to: before), "the base is never modified")
      var other = read
      other.card.concepts = ["cat"]
      let twice = try model.applying([read, other])
      #expect(try #require(twice.parameters[path]).distance(to: before + 2) == 0)
      let error = #expect(throws: LetheError.self) { try model.applying([read, read]) }
      #expect(error?.sentence.contains("'fox' is given twice") == true)
      let stranger = try DiffusionModel.load(Fixtures.url("tiny-sd2"))
      #expect(throws: LetheError.self) { try stranger.applying([read]) }
      #expect(throws: LetheError.self) {
        try Eraser(contentsOf: Fixtures.url("numbers.safetensors"))
      }
    }
  }

  /// Nothing is repeated to fit: one number is no difference of a matrix.
  @Test(arguments: [[1], [1, 1], [8, 1], []]) func shapesAreExact(_ shape: [Int]) throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let path = ParameterSelection.crossAttention.paths(of: model.parameters)[0]
    var card = Eraser.Card()
    card.base = model.hash()
    let whole = try #require(model.parameters[path]).shape
    let wrong = Eraser(card, ParameterVector([path: Tensor.ones(shape)]))
    card.concepts = ["fox"]
    let right = Eraser(card, ParameterVector([path: Tensor.ones(whole)]))
    for erasers in [[wrong], [right, wrong], [wrong, right]] {
      let error = #expect(throws: LetheError.self) { try model.applying(erasers) }
      #expect(error?.kind == .request && error?.sentence.contains("\(path)") == true)
    }
    #expect(throws: LetheError.self) {
      try ParameterVector.sum([right.vector, wrong.vector])
    }
  }

  @Test(arguments: [DType.bool, .uint8, .int8, .int32, .int64])
  func erasersHoldFloatingPointNumbers(_ dtype: DType) throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("e.safetensors")
      let card = try JSON(encoding: Eraser.Card()).compact
      try SafeTensors.write(
        ["unet.conv_in.bias": Tensor.ones([8]).to(dtype)],
        metadata: ["format": "lethe-increment-1", "lethe": card], to: file)
      let error = #expect(throws: LetheError.self) { try Eraser(contentsOf: file) }
      #expect(error?.sentence.contains("'unet.conv_in.bias'") == true)
      #expect(error?.sentence.contains("\(dtype)") == true)
    }
  }

  @Test(arguments: [Double.nan, .infinity]) func erasersAreFinite(_ value: Double) throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("e.safetensors")
      let path = ParameterPath("unet.conv_in.bias")
      let eraser = Eraser(.init(), ParameterVector([path: Tensor.full([8], value)]))
      let error = #expect(throws: LetheError.self) { try eraser.write(to: file) }
      #expect(error?.kind == .diverged && error?.sentence.contains("\(path)") == true)
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
  }

  @Test func negativeGuidanceIsEquationSeven() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let states = try DenoisingStates.follow(model, ["a fox"], steps: 1, guidance: 3, seed: 1)
    let objective = NegativeGuidance(
      states, prompts: StudentPrompts(["a fox"], model, live: false), eta: 2, batch: 1)
    var step = Step(index: 0, seed: 0)
    // At the original weights eps_theta = eps_o(c), so the loss is |(1 + eta) (eps_c - eps_0)|^2.
    let expected = (3 * (states.conditional - states.reference)).squared().mean().item
    #expect(abs(try objective.loss(model, &step).item / expected - 1) < 1e-4)
    let sum = 2.0 * objective + objective
    #expect(abs(try sum.loss(model, &step).item / (3 * expected) - 1) < 1e-4)
  }

  @Test func driftIsZeroAtTheOriginal() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let states = try DenoisingStates.follow(model, ["a fox"], steps: 4, guidance: 3, seed: 1)
    let watch = CollapseGuard(states, prompts: ["a fox"], limit: 1)
    #expect(watch.drift(model) < 1e-8)
    let broken = try model.replacing([
      ParameterPath("unet.conv_out.weight"): Tensor.zeros([4, 8, 3, 3])
    ])
    #expect(watch.drift(broken) > 0.5)
  }

  @Test func namesResolveToCaptions() {
    let themes = Themes(
      objects: ["fox", "owl", "cat", "dog"], styles: ["noto", "line"], judge: "")
    let fox = Concept.resolve("fox", in: themes, replacement: nil)
    #expect(
      fox.phrases.contains {
        $0.prompt == "a noto emoji of a fox" && $0.words == "fox" && $0.anchor == "a noto emoji"
      })
    let owl = Concept.resolve("fox", in: themes, replacement: "owl")
    #expect(
      owl.phrases.contains {
        $0.prompt == "a noto emoji of a fox" && $0.anchor == "a noto emoji of an owl"
      })
    let style = Concept.resolve("line style", in: themes, replacement: nil)
    #expect(
      style.phrases.contains {
        $0.prompt == "a line emoji" && $0.words == "line" && $0.anchor.isEmpty
      })
    #expect(Concept.resolve("Van Gogh", in: themes, replacement: nil).prompts == ["Van Gogh"])
    let others = Erasure.others(than: ["fox"], in: themes)
    #expect(!others.contains { $0.contains("fox") } && others.contains("a line emoji of an owl"))
  }
}
