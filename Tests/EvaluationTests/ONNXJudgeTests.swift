import Foundation
import TestSupport
import Testing
import Torch

@testable import Evaluation

@Suite struct ONNXJudgeTests {
  /// A classifier with labels, as a judge.
  @Test func judgesPictures() throws {
    try Fixtures.temporaryFolder { folder in
      try FileManager.default.copyItem(
        at: Fixtures.url("onnx/classifier.onnx"), to: folder.appendingPathComponent("model.onnx"))
      let processor = """
        {"image_processor_type": "ViTImageProcessor", "size": 8, "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5]}
        """
      try Data(processor.utf8).write(
        to: folder.appendingPathComponent("preprocessor_config.json"))
      let settings = #"{"answers": "probabilities", "licence": "none"}"#
      try Data(settings.utf8).write(to: folder.appendingPathComponent("judge.json"))
      let place = folder.appendingPathComponent("model.onnx").path
      let question = JudgeQuestion(
        Forgotten(kind: "object", names: ["fox"]), classes: ["object": ["fox", "owl"]])
      let judge = try JudgeSpec("onnx", place).open(asked: question, on: .cpu)
      #expect(judge.classes["object"] == ["fox", "owl", "label: cat"])
      #expect(judge.about.licence == "none")
      // Pixels at the network's own size and in its range: its probabilities are those of the graph.
      let x = try NPY.read(Fixtures.url("onnx/classifier-x.npy")).clamped(-1, 1)
      let bytes = ((x / 2 + 0.5) * 255).rounded() / 255 * 2 - 1
      let direct = try #require(
        try ONNXNetwork(contentsOf: Fixtures.url("onnx/classifier.onnx"))(bytes).first)
      let found = judge.logits(try judge.features(x, of: []), "object").exp()
      #expect((found[1, at: 0] - direct[1, at: 0]).abs().max().item < 1e-4)
      #expect((found[1, at: 1] - direct[1, at: 2]).abs().max().item < 1e-4)
      try Data("a\nb\nc\nd\n".utf8).write(to: folder.appendingPathComponent("labels.txt"))
      #expect(throws: LetheError.self) {
        try JudgeSpec("onnx", place).open(asked: question, on: .cpu)
      }
    }
  }
}
