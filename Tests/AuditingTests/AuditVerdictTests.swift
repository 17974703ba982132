import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning
import WorkbenchSupport

@testable import Auditing
@testable import Workbench
@testable import Workflows

/// The verdicts on the embedded model, without its themes: a judge that knows its pictures, few of them, few steps.
@Suite struct AuditVerdictTests {
  static let names = ["fox", "cat", "church", "bus", "rose", "pizza"]
  static let judge = JudgeSpec(
    "own", Fixtures.package.appendingPathComponent("Models/judges/emoji").path)

  static var request: PromptRequest {
    var request = PromptRequest()
    request.templates = ["noto", "emojione", "line"].flatMap {
      ["a \($0) emoji of {a}", "{a}, \($0) style", "{a} in \($0) style", "a \($0) picture of {a}"]
    }
    request.related = Array(names.dropFirst())
    return request
  }

  /// The original itself, a UCE run, and a model whose last layer is gone.
  @Test func threeModelsThreeVerdicts() throws {
    try Fixtures.temporaryFolder { folder in
      Runtime.threads = 1
      let place = folder.appendingPathComponent("model")
      try FileManager.default.copyItem(
        at: Fixtures.package.appendingPathComponent("Models/emoji"), to: place)
      for name in ["themes.json", "methods.json", "attacks.json"] {
        try FileManager.default.removeItem(at: place.appendingPathComponent(name))
      }
      let model = ModelFolder(place)
      let network = try model.model()
      var job = Tiny.job(model, "uce", "fox")
      job.wording = ConceptWording(kind: .object)
      let erased = try UCE().erase(
        Erase(job, settings: []).erasure(), from: network, Run(folder.appendingPathComponent("uce"))
      )
      let last = try #require(
        network.parameters.tensors.first { $0.key.name == "unet.conv_out.weight" })
      let vectors: [(name: String, change: ParameterVector)] = [
        ("original", .zero), ("uce", erased.vector),
        ("destroyed", ParameterVector([last.key: -1.0 * last.value])),
      ]
      var size = AuditSize()
      (size.prompts, size.wordings, size.steps, size.guidance) = (12, 1, 4, 4)
      (size.attacks, size.relearning) = ([], 0)
      var sentences: [String: String] = [:]
      var tiles: [String: [String: AuditSummary.Answer]] = [:]
      for (name, change) in vectors {
        var card = Eraser.Card()
        (card.method, card.concepts, card.base) = ("uce", ["fox"], network.hash())
        var audit = try Audit(job, judges: [Self.judge], size)
        audit.request = Self.request
        let out = folder.appendingPathComponent(name)
        if name != "original" {
          // The original's pictures are the same in each.
          try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
          try FileManager.default.copyItem(
            at: folder.appendingPathComponent("original/original"),
            to: out.appendingPathComponent("original"))
        }
        let summary = try #require(
          try audit(in: Run(out), eraser: Eraser(card, change), on: .cpu).audit)
        sentences[name] = summary.sentence
        tiles[name] = Dictionary(uniqueKeysWithValues: summary.tiles.map { ($0.name, $0.answer) })
      }
      #expect(Set(sentences.values).count == 3, "\(sentences)")
      #expect(sentences["original"]?.contains("'fox' is not erased") == true)
      #expect(tiles["original"]?["erased"] == .bad && tiles["uce"]?["erased"] != .bad)
      #expect(tiles["uce"]?["neighbours"] != .bad)
      #expect(tiles["destroyed"]?["neighbours"] == .bad, "\(sentences)")
      #expect(sentences["destroyed"]?.contains("other pictures are damaged") == true)
    }
  }
}
