package import Torch

/// A component's `config.json`, read strictly: an entry that is not supported is refused by name, and every number has
/// bounds.
package struct ComponentConfig {
  package let component: String
  package let json: JSON

  package init(_ component: String, _ json: JSON) {
    (self.component, self.json) = (component, json)
  }

  /// The values that numbers may have, by key. Whole numbers without an entry are within ``usual``; others are any.
  private static let bounds: [String: Bound] = [
    "addition_time_embed_dim": .whole(2...65_536), "attention_head_dim": .whole(1...65_536),
    "beta_end": .positive(1), "beta_start": .positive(1),
    "block_out_channels": .whole(1...65_536), "crop_pct": .number(0.1...1),
    "cross_attention_dim": .whole(1...65_536), "depths": .whole(1...1024),
    "downsample_padding": .whole(0...1), "dropout": .number(0...1),
    "embedding_size": .whole(1...65_536), "eos_token_id": .whole(0...(1 << 24)),
    "freq_shift": .number(0...1), "hidden_size": .whole(1...65_536),
    "hidden_sizes": .whole(1...65_536), "image_size": .whole(1...8192),
    "in_channels": .whole(1...4096),
    "intermediate_size": .whole(1...(1 << 20)), "latent_channels": .whole(1...4096),
    "layer_norm_eps": .positive(1), "layers_per_block": .whole(1...64),
    "max_position_embeddings": .whole(3...65_536), "norm_eps": .positive(1),
    "norm_num_groups": .whole(1...65_536), "num_attention_heads": .whole(1...65_536),
    "num_class_embeds": .whole(0...1_000_000), "num_hidden_layers": .whole(1...1024),
    "num_train_timesteps": .whole(1...100_000), "out_channels": .whole(1...4096),
    "patch_size": .whole(1...8192),
    "projection_class_embeddings_input_dim": .whole(1...(1 << 20)),
    "projection_dim": .whole(1...65_536), "reverse_transformer_layers_per_block": .whole(1...256),
    "sample_size": .whole(1...16_384),
    "scaling_factor": .positive(1e6), "steps_offset": .whole(0...100_000),
    "transformer_layers_per_block": .whole(1...256), "vocab_size": .whole(1...(1 << 24)),
  ]
  /// The bound of a whole number that has none of its own.
  private static let usual = Bound.whole(0...65_536)
  /// Levels of a network and other lists.
  private static let longestList = 64

  /// - Parameter accepted: the values that would be accepted
  package func refusing(_ key: String, _ accepted: String) -> LetheError {
    let shown = json[key].map { String($0.compact.prefix(120)) } ?? "missing"
    return LetheError(.model, in: file, key: key, "'\(key)' is \(shown); accepted: \(accepted)")
  }

  /// The file below the model's folder. The configurations of a `CLIPModel`'s towers stand in one.
  private var file: String {
    if component.hasSuffix(".json") { return component }
    if component.hasSuffix("_config") { return "config.json: \(component)" }
    return component == "scheduler"
      ? "scheduler/scheduler_config.json" : "\(component)/config.json"
  }

  private func value<T>(
    _ key: String, _ fallback: T?, _ kind: String, _ read: (JSON) -> T?
  ) throws -> T {
    guard let found = json[key], found != .null else {
      guard let fallback else { throw refusing(key, kind) }
      return fallback
    }
    guard let value = read(found) else { throw refusing(key, kind) }
    return value
  }

  /// A number that its bounds allow, by `read`.
  private func bounded<T>(
    _ key: String, _ fallback: T?, _ kind: String, otherwise: Bound? = nil, _ read: (JSON) -> T?
  ) throws -> T {
    let bound = Self.bounds[key] ?? otherwise
    return try value(key, fallback, bound?.accepted ?? kind) {
      bound?.allows($0) ?? true ? read($0) : nil
    }
  }

  package func int(_ key: String, _ fallback: Int? = nil) throws -> Int {
    try bounded(key, fallback, "a whole number", otherwise: Self.usual, \.int)
  }
  package func number(_ key: String, _ fallback: Double? = nil) throws -> Double {
    try bounded(key, fallback, "a finite number of 32 bits") {
      $0.number.flatMap { Float($0).isFinite ? $0 : nil }
    }
  }
  /// A finite number above 0, and below `limit`.
  package func positive(
    _ key: String, _ fallback: Double? = nil, below limit: Double = .infinity
  ) throws -> Double {
    let value = try number(key, fallback)
    guard value > 0, value < limit else {
      throw refusing(
        key,
        limit.isFinite ? "a number between 0 and \(limit)" : "a number above 0")
    }
    return value
  }
  package func bool(_ key: String, _ fallback: Bool? = nil) throws -> Bool {
    try value(key, fallback, "true or false", \.bool)
  }
  package func string(_ key: String, _ fallback: String? = nil) throws -> String {
    try value(key, fallback, "a string", \.string)
  }
  package func strings(_ key: String, _ fallback: [String]? = nil) throws -> [String] {
    try list(key, fallback, "a list of 1 to \(Self.longestList) strings", \.string)
  }
  package func ints(_ key: String, _ fallback: [Int]? = nil) throws -> [Int] {
    let bound = Self.bounds[key] ?? Self.usual
    return try list(
      key, fallback,
      "a list of 1 to \(Self.longestList) whole numbers, each \(bound.accepted)"
    ) { bound.allows($0) ? $0.int : nil }
  }

  private func list<T>(
    _ key: String, _ fallback: [T]?, _ kind: String, _ read: (JSON) -> T?
  ) throws -> [T] {
    try value(key, fallback, kind) { found in
      guard let list = found.array, (1...Self.longestList).contains(list.count) else { return nil }
      let values = list.compactMap(read)
      return values.count == list.count ? values : nil
    }
  }

  /// A number for each of `count` levels, written once or as a list.
  package func perLevel(_ key: String, _ count: Int, _ fallback: Int? = nil) throws -> [Int] {
    guard json[key]?.array != nil else {
      return Array(repeating: try int(key, fallback), count: count)
    }
    let list = try ints(key)
    guard list.count == count else { throw refusing(key, "\(count) numbers") }
    return list
  }

  /// Refuses a divisor that leaves a rest, of which reshaping would make a trap.
  /// - Parameters:
  ///   - whole: the number that it has to divide
  ///   - noun: the name of that number, e.g. `channels`
  package func check(_ part: Int, divides whole: Int, _ key: String, _ noun: String) throws {
    guard part > 0, whole % part == 0 else {
      throw refusing(key, "a divisor of the \(whole) \(noun)")
    }
  }

  /// Refuses levels of a U-Net whose channels cannot be normalized in groups, or whose first cannot hold the sinusoids
  /// of a time, a sine and a cosine each.
  package func checkLevels(_ channels: [Int], groups: Int) throws {
    for (level, width) in channels.enumerated() {
      try check(groups, divides: width, "norm_num_groups", "channels of level \(level)")
    }
    guard let first = channels.first, first >= 4, first % 2 == 0 else {
      throw refusing("block_out_channels", "an even first number from 4")
    }
  }

  /// Refuses every key whose value is present and none of the accepted ones.
  package func accept(_ accepted: [String: [JSON]]) throws {
    for (key, values) in accepted.sorted(by: { $0.key < $1.key }) {
      guard let found = json[key], !values.contains(where: { Self.same($0, found) }) else {
        continue
      }
      throw refusing(key, values.map(\.compact).joined(separator: ", "))
    }
  }

  private static func same(_ a: JSON, _ b: JSON) -> Bool {
    if a == b { return true }
    if let x = a.number, let y = b.number { return x == y }
    return false
  }
}
