// Textual inversion (Gal et al., 2023): vectors that stand for words of a prompt, in the files that trainers write:
//
//   diffusers         TOKEN [D] or [n, D]
//   web interfaces    emb_params [n, D]
//   SDXL              clip_l [n, D_1] and clip_g [n, D_2]
//
// The vectors after the first have the tokens TOKEN_1, TOKEN_2, ..., as diffusers names them.
public import Foundation
internal import Torch
internal import TorchNN

/// Vectors for a token of a user's own.
public struct TextualInversion {
  /// The word that stands for the vectors in prompts.
  public let token: String
  /// The number of vectors.
  public let count: Int
  /// One tensor for each text encoder [n, D].
  private let vectors: [Tensor]
  private let file: URL

  /// - Parameter token: nil takes the file's own, or the file's name where it has none
  /// - Throws: ``LetheError`` of the kind `model` for a damaged file, a pickle, and for a file of another kind
  public init(_ file: URL, token: String? = nil) throws {
    let stored = try SafeTensors(contentsOf: file, finite: true).tensors
    let usual = token ?? file.deletingPathExtension().lastPathComponent
    if let first = stored["clip_l"], let second = stored["clip_g"] {
      (self.token, vectors) = (usual, [first, second])
    } else if let only = stored["emb_params"] {
      (self.token, vectors) = (usual, [only])
    } else if stored.count == 1, let (name, only) = stored.first {
      (self.token, vectors) = (token ?? name, [only])
    } else {
      throw LetheError.model(
        "\(file.path) holds no textual inversion: it has "
          + stored.keys.sorted().prefix(3).map { "'\($0)'" }.joined(separator: ", ")
          + "; accepted: one tensor by its token's name, emb_params, or clip_l and clip_g")
    }
    let shapes = vectors.map(\.shape)
    guard let n = shapes.map({ $0.count == 1 ? 1 : $0.first ?? 0 }).min(), n > 0, n <= 75,
      shapes.allSatisfy({ $0.count == 1 || ($0.count == 2 && $0[0] == n) })
    else {
      throw LetheError.malformed(
        file,
        "it has vectors of shape \(shapes.map(\.description).joined(separator: ", ")); accepted: [D] or [n, D], n at most 75"
      )
    }
    guard !self.token.isEmpty, !self.token.contains(where: \.isWhitespace) else {
      throw LetheError.badValue(
        "--embedding",
        "'\(self.token)' is no token; accepted: one word, given as FILE:TOKEN")
    }
    (count, self.file) = (n, file)
  }

  /// The tokens of the vectors.
  var tokens: [String] { (0..<count).map { $0 == 0 ? token : "\(token)_\($0)" } }

  /// The vectors for text encoders of these widths [n, D].
  /// - Throws: ``LetheError`` of the kind `model` for vectors of another model
  fileprivate func vectors(for widths: [Int]) throws -> [Tensor] {
    let own = vectors.map { $0.shape.last ?? 0 }
    guard own == widths else {
      func list(_ widths: [Int]) -> String { widths.map(\.description).joined(separator: " and ") }
      throw LetheError.model(
        "\(file.path) has vectors of \(list(own)), the model's text encoder"
          + (widths.count > 1 ? "s take" : " takes") + " \(list(widths))")
    }
    return vectors.map { $0.reshaped(count, $0.shape.last ?? 0) }
  }
}

extension Layout {
  /// The layout with a token of the user's own in its tokenizers and their files.
  /// - Throws: ``LetheError`` for a token that the tokenizer has already, and for a model that takes no words
  package func inserting(_ inversion: TextualInversion) throws -> Layout {
    var layout = self
    func added(_ tokenizer: CLIPTokenizer, _ place: String) throws -> CLIPTokenizer {
      let (more, ids) = try tokenizer.adding(inversion.tokens)
      try layout.addTokens(inversion.tokens, ids, place)
      return more
    }
    switch pipeline {
    case .stableDiffusion(let first):
      layout.pipeline = .stableDiffusion(try added(first, "tokenizer"))
    case .stableDiffusionXL(let first, let second):
      layout.pipeline = .stableDiffusionXL(
        try added(first, "tokenizer"), try added(second, "tokenizer_2"))
    case .pixels:
      throw LetheError.unsupported("--embedding needs a model that is asked in words")
    }
    for component in [Component.textEncoder, .textEncoder2] where configs[component] != nil {
      let rows = try config(component).int("vocab_size", 49408)
      let last = try layout.tokenizer(for: "--embedding").encoders.map(\.largestId).max() ?? 0
      layout.configs[component]?["vocab_size"] = .int(max(rows, last + 1))
    }
    layout.inserted.append("\(inversion.token) \(inversion.count)\n")
    return layout
  }

  /// Writes tokens into the files that transformers reads them from.
  private mutating func addTokens(_ tokens: [String], _ ids: [Int], _ place: String) throws {
    func json(_ name: String) throws -> JSON? {
      try files["\(place)/\(name)"].map { try JSONText.value($0) }
    }
    func entry(_ token: String) -> JSON {
      [
        "content": .string(token), "lstrip": false, "normalized": true, "rstrip": false,
        "single_word": false, "special": false,
      ]
    }
    if var config = try json("tokenizer_config.json"),
      var decoder = config["added_tokens_decoder"]?.members
    {
      for (token, id) in zip(tokens, ids) { decoder["\(id)"] = entry(token) }
      config["added_tokens_decoder"] = .object(decoder)
      files["\(place)/tokenizer_config.json"] = Data(config.python.utf8)
    } else {
      var list = try json("added_tokens.json")?.members ?? [:]
      for (token, id) in zip(tokens, ids) { list[token] = .int(id) }
      files["\(place)/added_tokens.json"] = Data(JSON.object(list).python.utf8)
    }
    if var whole = try json("tokenizer.json") {
      let list = zip(tokens, ids).map { token, id -> JSON in
        var entry = entry(token)
        entry["id"] = .int(id)
        return entry
      }
      whole["added_tokens"] = .array((whole["added_tokens"]?.array ?? []) + list)
      files["\(place)/tokenizer.json"] = Data(whole.python.utf8)
    }
  }
}

extension DiffusionModel {
  /// The model with rows for a token of the user's own.
  /// - Throws: ``LetheError`` for vectors of another width, and for a token that the tokenizer has already
  public func inserting(_ inversion: TextualInversion) throws -> DiffusionModel {
    let larger = try layout.inserting(inversion)
    let vectors = try inversion.vectors(for: conditioner.widths)
    var tensors = parameters.tensors
    let components = [Layout.Component.textEncoder, .textEncoder2]
    for (component, vectors) in zip(components, vectors) {
      let path = ParameterPath("\(component.rawValue).text_model.embeddings.token_embedding.weight")
      guard let table = tensors[path] else { continue }
      // A table may have more rows than the tokenizer has ids.
      let rows = try larger.config(component).int("vocab_size", 49408)
      let first =
        try larger.tokenizer(for: "--embedding").encoders[0].largestId + 1 - inversion.count
      let gap = Tensor.zeros([max(0, first - table.size(0)), table.size(1)], table.dtype)
      let own = vectors.to(table.device, table.dtype)
      var parts = [table.narrowed(0, 0, min(first, table.size(0))), gap.to(table.device), own]
      let end = first + inversion.count
      if end < rows { parts.append(table.narrowed(0, end, rows - end)) }
      tensors[path] = Tensor.concatenate(parts, 0)
    }
    return try DiffusionModel(larger, .tensors(tensors), on: device, offload: offload)
  }
}
