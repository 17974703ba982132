package import Diffusion
internal import Foundation
internal import Torch

/// Files that are added to a model's own weights, or stand for some of them, while it is loaded. The model's hash is
/// that of the result.
public struct ModelAdditions: Codable, Sendable, Hashable {
  /// LoRA files, each with or without a weight: `style.safetensors:0.8`.
  public var loras: [String] = []
  /// The variant of the weights' files, e.g. `fp16`.
  public var variant: String?
  /// A folder or a file whose VAE stands for the model's own; nil for none.
  public var vae: String?
  /// Textual inversions, each with or without its token: `cat.safetensors:<cat>`; nil for none.
  public var embeddings: [String]?

  /// Files to add; none by default.
  public init(
    loras: [String] = [], variant: String? = nil, vae: String? = nil, embeddings: [String] = []
  ) {
    (self.loras, self.variant, self.vae) = (loras, variant, vae)
    self.embeddings = embeddings.isEmpty ? nil : embeddings
  }

  /// Keys that are left out have their defaults.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      loras: try values.decodeIfPresent([String].self, forKey: .loras) ?? [],
      variant: try values.decodeIfPresent(String.self, forKey: .variant),
      vae: try values.decodeIfPresent(String.self, forKey: .vae),
      embeddings: try values.decodeIfPresent([String].self, forKey: .embeddings) ?? [])
  }

  private static let inversion = "a safetensors file of a textual inversion"

  /// The textual inversions with their tokens.
  private func inversions() throws -> [TextualInversion] {
    try (embeddings ?? []).map { text in
      guard !FileManager.default.fileExists(atPath: text) else {
        try NamedPlace.requireFile(text, "--embedding", Self.inversion)
        return try TextualInversion(text.filePlace)
      }
      // A token may have a colon too. The file ends at the first colon before which a file exists.
      let colons = text.indices.filter { text[$0] == ":" }
      let end =
        colons.first { FileManager.default.fileExists(atPath: String(text[..<$0])) } ?? colons.last
      try NamedPlace.requireFile(
        end.map { String(text[..<$0]) } ?? text, "--embedding", Self.inversion)
      guard let end else { return try TextualInversion(text.filePlace) }
      return try TextualInversion(
        String(text[..<end]).filePlace, token: String(text[text.index(after: end)...]))
    }
  }

  /// The layout with the tokens of every textual inversion.
  /// - Throws: ``LetheError`` for a file that is missing, damaged or of another kind
  package func laid(over layout: Layout) throws -> Layout {
    try inversions().reduce(layout) { try $0.inserting($1) }
  }

  /// The model with every textual inversion and LoRA added.
  /// - Throws: ``LetheError`` for a file that is missing, damaged, of another kind or made for another model
  package func laid(over model: DiffusionModel) throws -> DiffusionModel {
    var model = try inversions().reduce(model) { try $0.inserting($1) }
    for text in loras {
      let (file, weight) = try Weighted.parse(text, "--lora")
      try NamedPlace.requireFile(file, "--lora", "a safetensors file of a LoRA")
      let vector = try LoRAFile(file.filePlace).vector(for: model)
      model = try model.applying(weight * vector)
    }
    return model
  }
}

/// A file with a weight behind a colon.
package enum Weighted {
  /// - Returns: the file and its weight, 1 where none is given
  /// - Throws: ``LetheError`` of the kind `request` for a weight that is no finite number
  package static func parse(
    _ text: String, _ option: String
  ) throws -> (file: String, weight: Double) {
    let accepted = "FILE or FILE:WEIGHT, e.g. a:0.8"
    guard !text.isEmpty else {
      throw LetheError.badValue(option, "an empty text names no file; accepted: \(accepted)")
    }
    guard !FileManager.default.fileExists(atPath: text), let colon = text.lastIndex(of: ":") else {
      return (text, 1)
    }
    guard colon > text.startIndex else {
      throw LetheError.badValue(
        option, "'\(text)' names no file before its colon; accepted: \(accepted)")
    }
    let end = text[text.index(after: colon)...]
    guard let weight = Double(end), weight.isFinite else {
      throw LetheError.badValue(
        option, "'\(end)' in '\(text)' is no weight; accepted: \(accepted)")
    }
    return (String(text[..<colon]), weight)
  }
}
