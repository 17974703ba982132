internal import Torch

/// SHA-256 of everything that an audit rests on, apart from its own files.
package struct AuditHashes: Codable, Sendable, Hashable {
  package var base: String?
  package var eraser: String?
  package var prompts: String?
  /// The networks of measures, by their `--measure`.
  package var measures: [String: String] = [:]
  /// The judges, by their `--judge`.
  package var judges: [String: String] = [:]

  package init() {}

  /// Each hash with its name for readers, in the order of the names.
  package var named: [(name: String, hash: String)] {
    let own = [("base", base), ("eraser", eraser), ("prompts", prompts)].compactMap { name, hash in
      hash.map { (name: name, hash: $0) }
    }
    let others =
      measures.map { (name: "measure \($0)", hash: $1) }
      + judges.map { (name: "judge \($0)", hash: $1) }
    return (own + others).sorted { $0.name < $1.name }
  }

  private enum Key: String, CodingKey { case base, eraser, prompts, measures, judges }

  package init(from decoder: any Decoder) throws {
    let c = try decoder.container(keyedBy: Key.self)
    base = try c.decodeIfPresent(String.self, forKey: .base)
    eraser = try c.decodeIfPresent(String.self, forKey: .eraser)
    prompts = try c.decodeIfPresent(String.self, forKey: .prompts)
    measures = try c.decodeIfPresent([String: String].self, forKey: .measures) ?? [:]
    judges = try c.decodeIfPresent([String: String].self, forKey: .judges) ?? [:]
    // Audits before Lethe 0.2.0 was released have `measure SPEC` and `judge SPEC` beside the others.
    guard !c.contains(.measures), !c.contains(.judges) else { return }
    for (name, hash) in try decoder.singleValueContainer().decode([String: String].self) {
      let words = name.split(separator: " ", maxSplits: 1).map(String.init)
      switch (words.first, words.last) {
      case ("measure", let spec?): measures[spec] = hash
      case ("judge", let spec?): judges[spec] = hash
      default: break
      }
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var c = encoder.container(keyedBy: Key.self)
    try c.encodeIfPresent(base, forKey: .base)
    try c.encodeIfPresent(eraser, forKey: .eraser)
    try c.encodeIfPresent(prompts, forKey: .prompts)
    try c.encode(measures, forKey: .measures)
    try c.encode(judges, forKey: .judges)
  }
}
