import Evaluation
import TestSupport
import Testing
import Torch

/// Judged pictures for metrics whose numbers are known.
enum JudgedPictures {
  static let fox = Forgotten(kind: "object", names: ["fox"])

  /// Features of the golden rows `name`, of pictures that ask for an owl and show one.
  static func golden(_ name: String, _ styles: String = "noto") throws -> JudgedSet {
    let features = try #require(try Fixtures.tensors("numbers.safetensors")["features.\(name)"])
    let asked = [[String: String]](
      repeating: ["object": "owl", "style": styles], count: features.size(0))
    return JudgedSet(asked: asked, seen: asked, features: features)
  }

  static func set(_ asked: [[String: String]], _ seen: [[String: String]]) -> JudgedSet {
    JudgedSet(asked: asked, seen: seen, features: Tensor.zeros([asked.count, 2]))
  }

  static func pair(_ object: String, _ style: String) -> [String: String] {
    ["object": object, "style": style]
  }
}
