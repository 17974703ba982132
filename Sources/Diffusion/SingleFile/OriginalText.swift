internal import Torch

/// Where the tensors of a text encoder stand in a single file.
enum OriginalText {
  /// transformers' names behind a prefix: SD 1.x, and SDXL's first.
  case transformers(prefix: String)
  /// OpenCLIP's names: SD 2.x, and SDXL's second. Its queries, keys and values are one matrix.
  case openCLIP(prefix: String)

  /// A tensor of the file, or a part of one.
  struct Place: Hashable {
    var key: String
    /// The third of the rows that is meant.
    var third: Int?
    var isTransposed = false
  }

  /// - Parameter name: transformers' name with `text_model.`, e.g.
  ///   `text_model.encoder.layers.0.self_attn.q_proj.weight`
  func place(_ name: String) -> Place {
    switch self {
    case .transformers(let prefix): return Place(key: prefix + name)
    case .openCLIP(let prefix):
      var place = Self.openCLIP(name)
      place.key = prefix + place.key
      return place
    }
  }

  private static let places = [
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.final_layer_norm.weight": "ln_final.weight",
    "text_model.final_layer_norm.bias": "ln_final.bias",
  ]
  private static let modules = [
    "layer_norm1": "ln_1", "layer_norm2": "ln_2", "self_attn.out_proj": "attn.out_proj",
    "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
  ]

  private static func openCLIP(_ name: String) -> Place {
    if let key = places[name] { return Place(key: key) }
    if name == "text_projection.weight" {
      return Place(key: "text_projection", isTransposed: true)
    }
    let parts = name.split(separator: ".").map(String.init)
    guard parts.count > 5, parts[1] == "encoder", let leaf = parts.last else {
      return Place(key: name)
    }
    let block = "transformer.resblocks.\(parts[3])"
    let module = parts[4..<(parts.count - 1)].joined(separator: ".")
    if let third = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"].firstIndex(
      of: module)
    {
      return Place(key: "\(block).attn.in_proj_\(leaf)", third: third)
    }
    return Place(key: "\(block).\(modules[module] ?? module).\(leaf)")
  }
}
