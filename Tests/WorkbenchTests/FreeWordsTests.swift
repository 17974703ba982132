import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Training
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct FreeWordsTests {
  /// A template of the user's asks for the concept and for its neighbours alike, without ends first.
  @Test func templatesOfTheUsersOwn() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      let job = Tiny.job(model, "uce", "owl")
      var request = PromptRequest()
      request.templates = ["a noto emoji of a {concept}", "{a}, noto style", "an owl by the sea"]
      (request.prompts, request.neighbours, request.wordings) = (4, 2, 2)
      request.related = ["fox", "cat"]
      request.unrelated = ["bus", "snowy owl", "church", "house", "tree"]
      let suite = try request.suite(of: job, .quickly, on: .cpu)
      #expect(
        suite.ofConcept.map(\.prompt) == [
          "a noto emoji of an owl", "an owl, noto style", "an owl by the sea",
          "a noto emoji of an owl, at night",
        ])
      // A subject that holds the concept's name is no other subject.
      #expect(suite.distances.keys.sorted() == ["bus", "cat", "church", "fox", "house", "tree"])
      #expect(suite.others.count == 6 * 2)
      #expect(suite.others.allSatisfy { !$0.prompt.contains("owl") })
      #expect(
        suite.others.contains {
          $0.prompt == "a noto emoji of a fox" || $0.prompt == "a noto emoji of a cat"
        })
      #expect(Set(suite.samples.map(\.file)).count == suite.samples.count)
      request.templates = ["a picture of a fox"]
      #expect { try request.suite(of: job, .quickly, on: .cpu) } throws: {
        "\($0)".contains("{concept}")
      }
    }
  }

  /// Subjects whose prompts are too long are told in one sentence.
  @Test func cutPromptsAreToldOnce() throws {
    try Fixtures.temporaryFolder { folder in
      let job = Tiny.job(try Tiny.plainModel(folder), "uce", "owl")
      var request = PromptRequest()
      request.templates = ["{a}", "{a} " + String(repeating: "of the sea ", count: 30)]
      (request.prompts, request.neighbours) = (2, 2)
      var notes: [String] = []
      _ = try request.suite(of: job, .quickly, on: .cpu) { notes += [$0].compactMap(\.self) }
      let told = notes.filter { $0.contains("left out") }
      #expect(told.count == 1)
      #expect(told.first?.hasPrefix("some prompts for 'owl', '") == true, "\(told)")
      #expect(told.first?.contains(" and 4 more subjects are left out: ") == true, "\(told)")
    }
    #expect(FreeWords.sentence(onCut: []) == nil)
    #expect(
      FreeWords.sentence(onCut: [("fox", "too long")])
        == "some prompts for 'fox' are left out: too long")
  }

  @Test func templatesOfAFile() throws {
    try Fixtures.temporaryFolder { folder in
      let job = Tiny.job(try Tiny.plainModel(folder), "uce", "fox")
      let file = folder.appendingPathComponent("templates.csv")
      try Data("prompt\n\"{a}, noto style\"\na line emoji of {a}\n".utf8).write(to: file)
      var request = PromptRequest()
      request.file = file.path
      request.prompts = 2
      #expect(try request.isMade())
      let suite = try request.suite(of: job, .quickly, on: .cpu)
      #expect(suite.ofConcept.map(\.prompt) == ["a fox, noto style", "a line emoji of a fox"])
      try Data("prompt\na fox\n".utf8).write(to: file)
      #expect(try !request.isMade())
    }
  }

  /// Prompts that an erasure trained on are not judged.
  @Test func trainedPromptsAreLeftOut() throws {
    try Fixtures.temporaryFolder { folder in
      var job = Tiny.job(try Tiny.plainModel(folder), "uce", "fox")
      job.wording = ConceptWording(prompts: ["a line emoji of {a}"])
      var request = PromptRequest()
      request.templates = ["a line emoji of {a}", "{a}, noto style"]
      request.prompts = 1
      let suite = try request.suite(of: job, .quickly, on: .cpu)
      #expect(suite.ofConcept.map(\.prompt) == ["a fox, noto style"])
    }
  }

  /// The half that the seed holds out is a half of the prompts; the other half is drawn by the fine-tuning.
  @Test func measuresOfPictures() throws {
    for text in [
      "clip:a", "inception:b.safetensors", "lpips-alex:c.safetensors", "real:d.npz@clean-fid",
    ] {
      #expect(try MeasureSpec(parsing: text).description == text)
    }
    for text in ["clip", "vgg:a", "lpips-:a", "clip:"] {
      #expect { try MeasureSpec(parsing: text) } throws: { "\($0)".contains("inception:FILE") }
    }
    #expect(PictureMeasure(of: "fid@pytorch-fid") == .fid)
    #expect(PictureMeasure(of: "cmmd:clip") == .cmmd)
    #expect(PictureMeasure(of: "fid") == nil)
    #expect(PictureMeasure(of: "kept-change") == nil)
  }

  /// Neighbours are drawn beside the prompts to keep of a file. A list without the concept's words has an option of its
  /// own.
  @Test func neighboursBesideAFile() throws {
    try Fixtures.temporaryFolder { folder in
      let job = Tiny.job(try Tiny.plainModel(folder), "uce", "fox")
      let file = folder.appendingPathComponent("prompts.csv")
      try Data("prompt\na fox\na chair\n".utf8).write(to: file)
      var request = PromptRequest()
      (request.file, request.neighbours) = (file.path, 2)
      let suite = try request.suite(of: job, .quickly, on: .cpu)
      #expect(suite.ofConcept.map(\.prompt) == ["a fox"])
      #expect(suite.others.first?.prompt == "a chair" && suite.others.count == 1 + 3 * 2)
      let asked = Set(suite.others.compactMap { $0.subjects["object"] })
      #expect(asked.isSuperset(of: suite.distances.keys) && suite.distances.count == 6)
      try Data("prompt\na chair\n".utf8).write(to: file)
      #expect { try request.suite(of: job, .quickly, on: .cpu) } throws: {
        "\($0)".contains("goes with --forget-prompts")
      }
      (request.file, request.forget) = (nil, file.path)
      #expect(try request.suite(of: job, .quickly, on: .cpu).ofConcept.map(\.prompt) == ["a chair"])
      // A protocol is drawn as it stands.
      (request.file, request.forget) = ("unlearncanvas", nil)
      var style = Tiny.job(job.folder, "uce", "Van Gogh")
      style.wording = ConceptWording(kind: .style)
      #expect(try request.suite(of: style, .quickly, on: .cpu).samples.count == 51 * 20 * 5)
    }
  }

  /// The suites by name: those of artists and styles ask for every known one, and a protocol brings its steps.
  @Test func suites() throws {
    #expect(Set(NamedPrompts.all.map(\.name)).count == NamedPrompts.all.count)
    for (name, kind) in [("artists", ConceptKind.artist), ("styles", .style)] {
      let suite = try #require(NamedPrompts.named(name))
      #expect(suite.rows.count == 5 * kind.knownSubjects.count && suite.steps == nil)
      for subject in kind.knownSubjects {
        #expect(suite.rows.count { $0.prompt.contains(subject) } >= 5, "\(subject)")
      }
      #expect(Set(suite.rows.map(\.prompt)).count == suite.rows.count)
    }
    #expect(NamedPrompts.steps(of: "unlearncanvas", nil) == 100)
    #expect(NamedPrompts.steps(of: "artists", "prompts.csv") == nil)
    try Fixtures.temporaryFolder { folder in
      var job = Tiny.job(try Tiny.plainModel(folder), "uce", "Van Gogh")
      job.wording = ConceptWording(kind: .artist)
      var request = PromptRequest()
      (request.file, request.neighbours) = ("artists", 1)
      let suite = try request.suite(of: job, .quickly, on: .cpu)
      #expect(suite.ofConcept.count == 5)
      #expect(suite.ofConcept.allSatisfy { $0.prompt.contains("Vincent van Gogh") })
    }
  }

  /// Other weights in a shard of a CLIP are another measure.
  @Test func shardsOfAMeasure() throws {
    try Fixtures.temporaryFolder { folder in
      let copy = folder.appendingPathComponent("clip")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-clip"), to: copy)
      let tensors = try SafeTensors(contentsOf: copy.appendingPathComponent("model.safetensors"))
        .tensors
      try SafeTensors.writeSharded(tensors, stem: "model", in: copy, largest: 4000)
      let spec = try MeasureSpec(parsing: "clip:\(copy.path)")
      let before = try spec.hash()
      let index = copy.appendingPathComponent("model.safetensors.index.json")
      let shard = try #require(SafeTensors.shards(of: index).last)
      try SafeTensors.write(
        SafeTensors(contentsOf: shard).tensors.mapValues { $0 + 0.5 }, to: shard)
      #expect(try spec.hash() != before)
    }
  }
}
