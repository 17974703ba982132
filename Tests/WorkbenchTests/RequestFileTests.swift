// Requests of `lethe erase` in files, and the command line over them.
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import Training
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite(.serialized) struct RequestFileTests {
  /// Words of a request on one concept do not go over to another; what is not about it stays.
  @Test func requestsOnAnotherConcept() throws {
    try Fixtures.temporaryFolder { folder in
      var request = Tiny.job(try Tiny.model(folder), "esd", "fox")
      (request.replacement, request.wording) = ("cat", ConceptWording(anchor: "an animal"))
      request.preserve = ["others", "a noto emoji of an owl", "a bus"]
      (request.forgetImages, request.retainImages) = ("foxes", "rest")
      var same = request
      let none = same.take(concepts: ["fox"])
      #expect(none == nil && same == request)
      var owl = request
      let note = owl.take(concepts: ["owl"]) ?? ""
      for part in ["'fox'", "'cat'", "anchor", "foxes", "'a noto emoji of an owl'"] {
        #expect(note.contains(part), "\(note)")
      }
      #expect(owl.concepts == ["owl"] && owl.replacement == nil && owl.wording == nil)
      #expect(owl.preserve == ["others", "a bus"])
      #expect(owl.forgetImages == nil && owl.retainImages == "rest")
      // A folder of both is divided by captions, and a style by its other spelling is the same one.
      var style = Tiny.job(try Tiny.model(folder.appendingPathComponent("b")), "esd", "noto style")
      (style.forgetImages, style.retainImages, style.replacement) = ("all", "all", "line")
      let spelled = style.take(concepts: ["noto"])
      #expect(spelled == nil && style.replacement == "line")
      let other = style.take(concepts: ["symbola style"])
      #expect(other?.contains("'line'") == true && style.forgetImages == "all")
    }
  }

  /// Nothing laid over a model has no key; files that have an empty one, or one without LoRA files, are read.
  @Test func additionsOfARequest() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("job.json")
      func read(_ additions: String) throws -> EraseJob {
        let text =
          #"{"model": "m", "method": "esd", "concepts": ["fox"], "additions": \#(additions)}"#
        try Data(text.utf8).write(to: file)
        return try EraseJob.read(file).job
      }
      let (empty, half) = (try read("{}"), try read(#"{"variant": "fp16"}"#))
      #expect(try JSON(encoding: empty)["additions"] == nil && half.additions?.variant == "fp16")
      var job = EraseJob()
      job.additions = ModelAdditions()
      #expect(try JSON(encoding: job)["additions"] == nil)
    }
  }
}
