/// A moment of `lethe bench separability`. Files have `original`, `alone`, or an object with `scene` and `at`.
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
  private enum Key: String, CodingKey { case scene, at }

  public func encode(to encoder: any Encoder) throws {
    guard case .scene(let scene, let moment) = self else {
      var place = encoder.singleValueContainer()
      return try place.encode(description)
    }
    var place = encoder.container(keyedBy: Key.self)
    try place.encode(scene, forKey: .scene)
    try place.encode(moment, forKey: .at)
  }

  public init(from decoder: any Decoder) throws {
    if let place = try? decoder.container(keyedBy: Key.self) {
      self = .scene(
        try place.decode(String.self, forKey: .scene),
        moment: try place.decode(String.self, forKey: .at))
      return
    }
    let place = try decoder.singleValueContainer()
    let text = try place.decode(String.self)
    // The first builds of 0.2 wrote a scene and its moment as one text.
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
