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

  /// A message of protobuf: a number, or a text of bytes, under each field.
  private static func message(_ fields: [(Int, Any)]) -> [UInt8] {
    func varint(_ value: Int) -> [UInt8] {
      var (rest, bytes) = (UInt64(bitPattern: Int64(value)), [UInt8]())
      repeat {
        bytes.append(UInt8(rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
        rest >>= 7
      } while rest > 0
      return bytes
    }
    return fields.flatMap { field, value -> [UInt8] in
      if let number = value as? Int { return varint(field << 3) + varint(number) }
      let bytes = value as? [UInt8] ?? Array((value as? String ?? "").utf8)
      return varint(field << 3 | 2) + varint(bytes.count) + bytes
    }
  }

  /// A detector of three labels at 21 places, whose boxes and scores are the pixels of the picture.
  private static var detector: Data {
    let shape = [0, 7, 21].flatMap { number in (0..<8).map { UInt8(number >> (8 * $0) & 255) } }
    let graph = message([
      (1, message([(1, "x"), (1, "shape"), (2, "y"), (4, "Reshape")])), (2, "g"),
      (5, message([(1, 3), (2, 7), (8, "shape"), (9, shape)])), (11, message([(1, "x")])),
      (12, message([(1, "y")])),
    ])
    let names = message([(1, "names"), (2, "{0: 'fox', 1: 'cat', 2: 'owl'}")])
    return Data(message([(1, 8), (7, graph), (8, message([(2, 13)])), (14, names)]))
  }

  /// A detector's answer is the label with the highest score at any place, or that it found nothing.
  @Test func detectsInPictures() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("detector.onnx")
      try Self.detector.write(to: file)
      let processor = """
        {"image_processor_type": "ViTImageProcessor", "size": 7, "do_normalize": false}
        """
      try Data(processor.utf8).write(
        to: folder.appendingPathComponent("preprocessor_config.json"))
      let question = JudgeQuestion(
        Forgotten(kind: "object", names: ["fox"]), classes: ["object": ["fox", "owl"]])
      let judge = try JudgeSpec("onnx", file.path).open(asked: question, on: .cpu)
      #expect(
        judge.classes["object"] == ["fox", "owl", "label: cat", "label: nothing found"])
      #expect(judge.about.threshold == 0.25)
      // Rows 4, 5 and 6 of 7 are the scores; a box is as bright as can be.
      func picture(_ scores: [(row: Int, place: Int, score: Float)]) -> Tensor {
        var pixels = [Float](repeating: -1, count: 147)
        for place in 0..<84 { pixels[place] = 1 }
        for one in scores { pixels[(4 + one.row) * 21 + one.place] = 2 * one.score - 1 }
        return Tensor(pixels, [1, 3, 7, 7])
      }
      let pictures = Tensor.concatenate([
        picture([(0, 3, 0.9), (2, 8, 0.6)]), picture([(0, 3, 0.4), (2, 20, 0.8)]),
        picture([(0, 0, 0.2), (1, 5, 0.1)]), picture([(1, 9, 0.5)]),
      ])
      let seen = try judge.judged(pictures, asked: Array(repeating: [:], count: 4)).seen
      #expect(
        seen.compactMap { $0["object"] } == ["fox", "owl", "label: nothing found", "label: cat"])
      try Data(#"{"threshold": 0.15}"#.utf8).write(to: folder.appendingPathComponent("judge.json"))
      let lower = try JudgeSpec("onnx", file.path).open(asked: question, on: .cpu)
      #expect(
        try lower.judged(pictures, asked: Array(repeating: [:], count: 4)).seen[2]["object"]
          == "fox")
      // A classifier's answers are one row of numbers.
      try Data(#"{"answers": "logits"}"#.utf8).write(
        to: folder.appendingPathComponent("judge.json"))
      let wrong = try JudgeSpec("onnx", file.path).open(asked: question, on: .cpu)
      #expect(throws: LetheError.self) { try wrong.features(pictures, of: []) }
    }
  }
}
