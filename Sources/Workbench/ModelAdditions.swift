internal import Diffusion
internal import Editing
internal import Foundation
internal import Torch

/// What is laid over a model's own weights while it is loaded. Its hash is that of the result.
public struct ModelAdditions: Codable, Sendable, Hashable {
  /// LoRA files, each perhaps with a weight: `style.safetensors:0.8`.
  public var loras: [String] = []
  /// The variant of the weights' files, e.g. `fp16`.
  public var variant: String?

  public init(loras: [String] = [], variant: String? = nil) {
    (self.loras, self.variant) = (loras, variant)
  }

  /// The model with every LoRA added.
  /// - Throws: ``LetheError`` for a file that is missing, damaged, of another kind or made for another model
  func laid(over model: DiffusionModel) throws -> DiffusionModel {
    var model = model
    for text in loras {
      let (file, weight) = try Weighted.parse(text, "--lora")
      let vector = try LoRAFile(URL(fileURLWithPath: file)).vector(for: model)
      model = try model.applying(weight * vector)
    }
    return model
  }
}

/// A file with a weight behind a colon.
enum Weighted {
  /// - Returns: the file and its weight, 1 where none is given
  /// - Throws: ``LetheError`` of the kind `request` for a weight that is no finite number
  static func parse(_ text: String, _ option: String) throws -> (file: String, weight: Double) {
    guard !FileManager.default.fileExists(atPath: text), let colon = text.lastIndex(of: ":") else {
      return (text, 1)
    }
    let end = text[text.index(after: colon)...]
    guard let weight = Double(end), weight.isFinite else {
      throw LetheError.badValue(
        option, "'\(end)' in '\(text)' is no weight; accepted: FILE or FILE:WEIGHT, e.g. a:0.8")
    }
    return (String(text[..<colon]), weight)
  }
}
