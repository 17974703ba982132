import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Evaluation

@Suite struct JudgePlaceTests {
  private static let question = JudgeQuestion(
    Forgotten(kind: "object", names: ["fox"]), classes: ["object": ["fox", "cat"]])

  private func refusal(_ scheme: String, _ place: String) -> String {
    let error = #expect(throws: LetheError.self) {
      try JudgeSpec(scheme, place).open(asked: Self.question, on: .cpu)
    }
    #expect(error?.kind == .request, "\(error?.sentence ?? "")")
    return error?.sentence ?? ""
  }

  /// A folder of another judge is told with the scheme that takes it.
  @Test func eachSchemeTakesItsOwnPlaces() throws {
    try Fixtures.temporaryFolder { folder in
      var card = JudgeNetwork.Card(heads: ["object": ["fox", "cat"]])
      (card.widths, card.size) = ([4, 4], 16)
      let own = folder.appendingPathComponent("judge")
      try JudgeNetwork(card, .initial(Generator(seed: 1))).save(to: own, card: card)
      #expect(
        refusal("clip", own.path)
          == "--judge: \(own.path) is a judge of `lethe train`; accepted: own:\(own.path)")
      let (clip, vit) = (Fixtures.url("tiny-clip").path, Fixtures.url("tiny-vit").path)
      #expect(
        refusal("own", clip).hasSuffix("is a CLIPModel of transformers; accepted: clip:\(clip)"))
      #expect(refusal("clip", vit).hasSuffix("accepted: classifier:\(vit)"))
      #expect(refusal("classifier", clip).hasSuffix("accepted: clip:\(clip)"))
      #expect(throws: Never.self) {
        _ = try JudgeSpec("own", own.path).open(asked: Self.question, on: .cpu)
        _ = try JudgeSpec("clip", clip).open(asked: Self.question, on: .cpu)
      }
      #expect { try JudgeSpec(parsing: clip) } throws: {
        "\($0)".hasSuffix("is a CLIPModel of transformers; accepted: clip:\(clip)")
      }
      let near = folder.appendingPathComponent("jugde").path
      #expect(refusal("own", near).contains("did you mean '\(own.path)'? accepted: own:FOLDER"))
      let text = Fixtures.url("refusals.txt").path
      #expect(refusal("own", text).contains("is a text, no folder; accepted: own:FOLDER"))
      #expect(refusal("onnx", own.path).contains("is a folder; accepted: onnx:FILE"))
      #expect(refusal("onnx", "/nonexistent@imagenette").contains("there is no file /nonexistent;"))
      let graph = #expect(throws: LetheError.self) {
        try ONNXNetwork(contentsOf: Fixtures.url("grey.jpg"))
      }
      #expect(
        graph?.sentence.hasSuffix("it is a JPEG picture; accepted: a graph of ONNX") == true,
        "\(graph?.sentence ?? "")")
    }
  }
}
