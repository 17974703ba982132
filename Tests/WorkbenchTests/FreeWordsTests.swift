import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
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
}
