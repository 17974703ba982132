/// A moment of `lethe bench separability`. Files have it as text: `original`, `S1 t0` or `alone`.
public enum SceneMoment: Sendable, Hashable {
  /// The model before the first eraser.
  case original
  /// A moment of a scene, e.g. `t0` of `S1`.
  case scene(String, moment: String)
  /// An eraser by itself.
  case alone
}

extension SceneMoment: CustomStringConvertible {
  public var description: String {
    switch self {
    case .original: "original"
    case .scene(let scene, let moment): "\(scene) \(moment)"
    case .alone: "alone"
    }
  }
}

extension SceneMoment: Codable {
  public func encode(to encoder: any Encoder) throws {
    var place = encoder.singleValueContainer()
    try place.encode(description)
  }

  public init(from decoder: any Decoder) throws {
    let place = try decoder.singleValueContainer()
    let text = try place.decode(String.self)
    let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    switch (text, words.count) {
    case ("original", _): self = .original
    case ("alone", _): self = .alone
    case (_, 2) where !words.contains(""): self = .scene(words[0], moment: words[1])
    default:
      throw DecodingError.dataCorruptedError(
        in: place, debugDescription: "original, alone, or scene and moment, such as S1 t0")
    }
  }
}
