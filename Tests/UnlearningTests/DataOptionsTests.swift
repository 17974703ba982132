import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct DataOptionsTests {
  /// Pictures of a person's own with captions as people write them: in any case, with punctuation, by no template.
  static func peoplesFolder(_ folder: URL) throws {
    let captions = [
      "A Fox, in snow", "the red FOX!", "a cat on a mat", "two cats and a bus", "a bus",
    ]
    for (i, caption) in captions.enumerated() {
      let g = Generator(seed: UInt64(i))
      // No square either.
      let image = Image(Tensor.randn([1, 3, 16, 24], g).clamped(-1, 1))
      try PNG.write(image, to: folder.appendingPathComponent("\(i).png"))
      try Data(caption.utf8).write(to: folder.appendingPathComponent("\(i).txt"))
    }
  }

  @Test(
    arguments: MethodCatalog.builtIn.all.filter { $0 is any DataMethod.Type }.map { $0.name })
  func peoplesCaptions(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let concept = try Concept.resolve(
      "a fox", in: nil, replacement: nil, ConceptWording(kind: .object))
    var erasure = Erasure(forget: [concept], preserve: ["a cat"])
    try Fixtures.temporaryFolder { folder in
      let pictures = folder.appendingPathComponent("pictures")
      try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
      try Self.peoplesFolder(pictures)
      (erasure.forgetImages, erasure.retainImages) = (pictures.path, pictures.path)
      let run = try Run(folder.appendingPathComponent("run"), seed: 1)
      let sets = try DataOptions.tiny.sets(erasure, model, run)
      #expect(sets.forget.captions == ["A Fox, in snow", "the red FOX!"])
      #expect(sets.retain.captions.count == 3 && sets.forget.shares.isEmpty)
      for (own, other) in zip(sets.forget.captions, sets.others) {
        #expect(own != other && !other.mentions("fox"), "\(other)")
      }
      let vector = try MethodContractTests.tiny(name, steps: 2).erase(erasure, from: model, run)
        .vector
      #expect(vector.norm > 0 && vector.tensors.values.allSatisfy(\.isFinite))
    }
  }

  /// A folder with more pictures of one concept than of another is drawn from evenly.
  @Test func conceptsOfAFolderGetTheirShare() {
    let captions = ["a cat", "a cat and a bus", "Cat!", "a bus"]
    let concepts = [Concept("cat"), Concept("bus")]
    #expect(DataOptions.shares(of: concepts, in: captions) == [[0, 1, 2], [1, 3]])
    #expect(DataOptions.shares(of: concepts, in: ["a cat", "a bus"]).isEmpty)
    #expect(DataOptions.shares(of: [concepts[0]], in: captions).isEmpty)
    // Pictures to forget whose captions name neither are drawn as well.
    let more = captions + ["at night"]
    #expect(DataOptions.shares(of: concepts, in: more) == [[0, 1, 2], [1, 3], [4]])
  }

  /// `one` gives all pictures of a concept the same wrong label, which the seed chooses; `each` draws for every
  /// picture.
  @Test func wrongLabels() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var fox = Concept("fox")
    fox.siblings = ["owl", "cat", "bus"]
    func labels(_ kind: DataOptions.WrongLabels, seed: UInt64) throws -> [String] {
      try Fixtures.temporaryFolder { folder in
        var options = DataOptions.tiny
        (options.labels, options.forget, options.steps) = (kind, 8, 1)
        return try options.sets(
          Erasure(forget: [fox], preserve: ["a cat"]), model, Run(folder, seed: seed)
        ).others
      }
    }
    let one = try (1...6).map { Set(try labels(.one, seed: $0)) }
    #expect(one.allSatisfy { $0.count == 1 } && Set(one).count > 1)
    #expect(try Set(labels(.each, seed: 1)).count > 1)
    #expect(one.joined().allSatisfy { !$0.contains("fox") })
  }
}
