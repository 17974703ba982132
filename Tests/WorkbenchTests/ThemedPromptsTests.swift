import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Training
import WorkbenchSupport

@testable import Workbench

@Suite struct ThemedPromptsTests {
  /// An audit asks in wordings that no erasure trains on, a wording with every style before the next, and asks for
  /// other subjects alike.
  @Test func anAuditAsksInManyWordings() throws {
    try Fixtures.temporaryFolder { folder in
      let place = folder.appendingPathComponent("model")
      var themes = try Tiny.model(folder).themes()
      themes.captions.asked = ["{style} emoji of {object}", "{name}, {style}"]
      try Data(try JSON(encoding: themes).pretty.utf8).write(
        to: place.appendingPathComponent("themes.json"))
      let job = Tiny.job(ModelFolder(place), "uce", "fox")
      var options = EvaluationOptions.quickly
      options.seeds = 1
      var request = PromptRequest()
      (request.prompts, request.neighbours, request.wordings) = (3, 2, 1)
      #expect(try request.suite(of: job, options, on: .cpu).ofConcept.count == 2)
      request.asksOften = true
      let suite = try request.suite(of: job, options, on: .cpu)
      #expect(
        suite.ofConcept.map(\.prompt) == [
          "noto emoji of a fox", "symbola emoji of a fox", "fox, noto",
        ])
      let trained = try job.forgotten(in: themes).flatMap(\.prompts)
      #expect(Set(trained).isDisjoint(with: suite.ofConcept.map(\.prompt)))
      #expect(suite.ofConcept.allSatisfy { $0.subjects["style"] != nil })
      // Two subjects make six pictures, as many as two at each distance would.
      #expect(suite.others.count == 6 && Set(suite.others.map(\.prompt)).count == 6)
      #expect(Set(suite.distances.keys) == ["cat", "owl"])
      #expect(suite.question.classes["object"] == ["fox", "cat", "owl"])
      #expect(Set(suite.samples.map(\.seed)).count == suite.samples.count)

      // A style is asked for with every object.
      request.prompts = 40
      let style = try request.suite(
        of: Tiny.job(ModelFolder(place), "uce", "noto style"), options, on: .cpu)
      let asked = style.ofConcept.map(\.prompt)
      #expect(asked.contains("noto emoji of an owl") && asked.contains("fox, noto"))
      #expect(Set(asked).count == asked.count)
      #expect(style.ofConcept.allSatisfy { $0.subjects["style"] == "noto" })
      #expect(style.others.allSatisfy { $0.subjects["style"] == "symbola" })
    }
  }

  /// The key is left out where there is none, as in files of former versions.
  @Test func themesWithoutWordings() throws {
    let themes = Themes(objects: ["fox"], styles: ["noto"], judge: "")
    #expect(try JSON(encoding: themes)["captions"]?["asked"] == nil)
  }
}
