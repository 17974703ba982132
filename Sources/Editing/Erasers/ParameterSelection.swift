internal import Diffusion
internal import Torch
public import TorchNN

/// The parameters that a method changes. They are selected by components of their paths, never by string
/// prefixes: `layers.1` is not `layers.10`.
public struct ParameterSelection: Sendable {
  /// The word that options and files have for it, e.g. `xattn`.
  public let name: String
  /// Whether a parameter belongs to it.
  public let matches: @Sendable (ParameterPath) -> Bool

  /// The number of first layers of text encoders that it takes alone; nil takes all.
  private let firstLayers: Int?

  /// Whether a text encoder is among them, so that prompts have to be embedded at every step.
  public var trainsText: Bool { name.hasPrefix("text_encoder") }

  /// A selection by a condition on paths.
  public init(_ name: String, _ matches: @escaping @Sendable (ParameterPath) -> Bool) {
    self.init(name, first: nil, matches)
  }

  private init(
    _ name: String, first: Int?, _ matches: @escaping @Sendable (ParameterPath) -> Bool
  ) {
    (self.name, firstLayers, self.matches) = (name, first, matches)
  }

  private static func unet(_ name: String, _ matches: @escaping @Sendable ([Substring]) -> Bool)
    -> Self
  {
    Self(name) {
      let parts = $0.components
      return parts.first == "unet" && matches(parts)
    }
  }

  /// Cross-attention: queries, keys, values, output (ESD-x).
  public static let crossAttention = unet("xattn") { $0.contains("attn2") }
  /// Keys and values of cross-attention alone (ESD-x-strict, UCE).
  public static let crossAttentionKeysValues = unet("xattn-kv") {
    $0.contains("attn2") && ($0.contains("to_k") || $0.contains("to_v"))
  }
  /// Self-attention of the U-Net: queries, keys, values, output.
  public static let selfAttention = unet("selfattn") { $0.contains("attn1") }
  /// Everything but cross-attention, time embedding and output (ESD-u of the first release).
  public static let notCrossAttention = unet("noxattn") {
    !$0.contains("attn2") && !$0.contains("time_embedding") && !$0.contains("conv_out")
      && !$0.contains("conv_norm_out")
  }
  /// All of the U-Net.
  public static let unet = unet("full") { _ in true }
  /// Every text encoder that the model has; positions and the table of words are never trained.
  public static let textEncoders = text("text_encoders")
  /// The first text encoder; positions and the table of words are never trained.
  public static let textEncoder = text("text_encoder")
  /// The second of two, which also gives the pooled prompt (SDXL).
  public static let textEncoder2 = text("text_encoder_2")

  private static let encoders = [
    "text_encoders": ["text_encoder", "text_encoder_2"], "text_encoder": ["text_encoder"],
    "text_encoder_2": ["text_encoder_2"],
  ]

  /// - Parameter count: the number of first layers to take alone; nil takes all but the embeddings
  private static func text(_ name: String, first count: Int? = nil) -> Self {
    let encoders = (encoders[name] ?? []).map { Substring($0) }
    return Self(count.map { "\(name):\($0)" } ?? name, first: count) {
      let parts = $0.components
      guard let encoder = parts.first, encoders.contains(encoder) else { return false }
      guard let count else { return !parts.contains("embeddings") }
      return layer(of: $0).map { $0 < count } ?? false
    }
  }

  /// The number of the layer that a parameter belongs to.
  private static func layer(of path: ParameterPath) -> Int? {
    let parts = path.components
    guard let layers = parts.firstIndex(of: "layers") else { return nil }
    return parts.dropFirst(layers + 1).first.flatMap { Int($0) }
  }

  /// Every selection with a name of its own.
  public static let all: [ParameterSelection] = [
    .crossAttention, .crossAttentionKeysValues, .selfAttention, .notCrossAttention, .unet,
    .textEncoders, .textEncoder, .textEncoder2,
  ]

  /// Names of other tools for the same selections.
  static let aliases = [
    "esd-x": "xattn", "x": "xattn", "esd-x-strict": "xattn-kv", "strict": "xattn-kv",
    "esd-u": "noxattn", "u": "noxattn", "esd-all": "full", "self": "selfattn",
    "text_encoder_full": "text_encoder",
  ]

  /// The selection of a name, or of another tool's name; `text_encoder:N` takes the first N layers.
  /// - Throws: ``LetheError`` of the kind `request` that lists the names
  public static func named(_ name: String) throws -> ParameterSelection {
    let canonical = aliases[name] ?? name
    let parts = canonical.split(separator: ":")
    if let encoder = parts.first.map(String.init), encoders[encoder] != nil,
      canonical.contains(":")
    {
      guard parts.count == 2, let count = Int(parts[1]), count > 0 else {
        throw LetheError.badValue(
          "parameters", "'\(name)'; accepted: \(encoder):N with a whole number N from 1")
      }
      return text(encoder, first: count)
    }
    guard let found = all.first(where: { $0.name == canonical }) else {
      let known = all.map(\.name)
      throw LetheError.unknown(
        "selection of parameters", name, known: known)
    }
    return found
  }

  /// The paths of a model's parameters that belong to it.
  public func paths(of store: ParameterStore) -> [ParameterPath] { store.paths.filter(matches) }

  /// - Throws: ``LetheError`` of the kind `request` for more first layers than a model's text encoders have
  package func requireLayers(of store: ParameterStore) throws {
    guard let firstLayers, let last = paths(of: store).compactMap(Self.layer).max(),
      last + 1 < firstLayers
    else { return }
    let encoder = name.prefix { $0 != ":" }
    throw LetheError.badValue(
      "parameters",
      "'\(name)'; the model's text encoder has \(last + 1) layers; accepted: \(encoder):1 to \(encoder):\(last + 1), "
        + "or \(encoder) for the whole")
  }
}
