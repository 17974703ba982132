internal import Torch
internal import Yams

/// A line of a YAML text, and why it is refused.
struct YAMLFault: Error, CustomStringConvertible {
  let line: Int
  let why: String
  var description: String { "line \(line): \(why)" }

  static let tooMany =
    "there are too many values; accepted: \(YAMLTree.most), at most \(YAMLTree.deepest) deep"

  init(_ line: Int, _ why: String) { (self.line, self.why) = (line, why) }

  init(_ mark: Mark?, _ why: String) { self.init(mark?.line ?? 1, why) }

  /// The fault that the parser found.
  init(_ error: YamlError) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      // libyaml names a function of its own.
      let isDeep = problem.hasPrefix("Maximum nesting level")
      self.init(mark, isDeep ? Self.tooMany : "it is no YAML: \(problem)")
    case .duplicatedKeysInMapping(let keys, let context):
      self.init(
        context.mark, "the key '\(keys.first ?? "")' stands there twice; accepted: every key once")
    case .reader(let problem, _, _, _): self.init(1, "it is no YAML: \(problem)")
    default: self.init(1, "it is no YAML")
    }
  }
}

/// The values of a parsed text, and the lines of their keys.
struct YAMLTree {
  private(set) var lines: [String: Int] = [:]
  private var count = 0

  static let (deepest, most) = (32, 20_000)
  private static let longestPath = 200

  /// - Parameter path: the keys that lead to the value
  mutating func value(
    _ node: Node, _ path: String = "", depth: Int = 0
  ) throws(YAMLFault) -> JSON {
    count += 1
    let mark = node.mark
    guard count <= Self.most, depth <= Self.deepest else {
      throw YAMLFault(mark, YAMLFault.tooMany)
    }
    // Longer paths are nobody's.
    if path.utf8.count <= Self.longestPath, lines[path] == nil { lines[path] = mark?.line }
    func below(_ part: String) -> String {
      path.utf8.count > Self.longestPath ? path : path + part
    }
    switch node {
    case .scalar(let scalar): return try Self.value(scalar)
    case .sequence(let sequence):
      try Self.refuse(tag: sequence.tag, but: .seq, mark)
      var list: [JSON] = []
      for (i, member) in sequence.enumerated() {
        list.append(try value(member, below("[\(i)]"), depth: depth + 1))
      }
      return .array(list)
    case .mapping(let mapping):
      try Self.refuse(tag: mapping.tag, but: .map, mark)
      var members: [String: JSON] = [:]
      for (key, member) in mapping {
        guard case .scalar(let name) = key else {
          throw YAMLFault(key.mark ?? mark, "a key is no text; accepted: words before a colon")
        }
        guard members[name.string] == nil else {
          throw YAMLFault(
            key.mark, "the key '\(name.string)' stands there twice; accepted: every key once")
        }
        members[name.string] = try value(
          member, below((path.isEmpty ? "" : ".") + name.string), depth: depth + 1)
      }
      return .object(members)
    case .alias: throw YAMLFault(mark, "an alias stands for nothing")
    }
  }

  private static func refuse(tag: Tag, but own: Tag.Name, _ mark: Mark?) throws(YAMLFault) {
    guard ["", "!", own.rawValue].contains(tag.rawValue) else {
      throw YAMLFault(
        mark, "the tag '\(tag.rawValue)' is not read; accepted: values without tags")
    }
  }

  /// A text in quotes or over several lines is a text. A plain word is what YAML 1.2 and 1.1 both take it for.
  private static func value(_ scalar: Node.Scalar) throws(YAMLFault) -> JSON {
    let text = scalar.string
    try refuse(tag: scalar.tag, but: .str, scalar.mark)
    guard scalar.style == .plain, scalar.tag.rawValue.isEmpty else { return .string(text) }
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default: break
    }
    if ["yes", "no", "on", "off", "y", "n"].contains(text.lowercased()) {
      throw YAMLFault(
        scalar.mark,
        "\(text) is a truth value to some readers of YAML and a text to others; accepted: true, false, or '\(text)' in quotes"
      )
    }
    // Most values need none of the patterns below, which take half a millisecond each.
    if let whole = Int(text), "\(whole)" == text { return .int(whole) }
    guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first) else {
      return .string(text)
    }
    if text.wholeMatch(
      of: /[-+]?(0[0-9_]+|0[box][0-9A-Fa-f_]+|[0-9][0-9_]*_[0-9_]*|[0-9]+(:[0-5]?[0-9])+)/) != nil
    {
      throw YAMLFault(
        scalar.mark,
        "\(text) is a number to some readers of YAML and a text or another number to others; accepted: decimal digits, "
          + "or '\(text)' in quotes")
    }
    return try number(text, scalar.mark) ?? .string(text)
  }

  /// A number of YAML 1.2, such as 5, 1e-5 or .5; nil for other words.
  private static func number(_ text: String, _ mark: Mark?) throws(YAMLFault) -> JSON? {
    switch text.lowercased() {
    case ".nan": return .number(.nan)
    case ".inf", "+.inf": return .number(.infinity)
    case "-.inf": return .number(-.infinity)
    default: break
    }
    guard text.wholeMatch(of: /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/) != nil else {
      return nil
    }
    if let whole = Int(text) { return .int(whole) }
    if let whole = UInt64(text) { return .unsigned(whole) }
    guard let number = Double(text), number.isFinite else {
      throw YAMLFault(mark, "the number \(text) is too large; accepted: up to 1.8e308")
    }
    return number == number.rounded() && abs(number) < 0x1p53 ? .int(Int(number)) : .number(number)
  }
}
