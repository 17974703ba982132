public import Foundation

/// A JSON value: configuration files as they are, kept whole so that writing is the inverse of reading.
public enum JSON: Hashable, Sendable, Codable {
  case null
  case bool(Bool)
  case int(Int)
  /// A whole number beyond those of `int`, as seeds can be.
  case unsigned(UInt64)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  /// Each kind that does not fit costs an error, so the usual ones come first. Texts are read by ``JSONText`` instead.
  public init(from decoder: any Decoder) throws {
    let c = try decoder.singleValueContainer()
    if c.decodeNil() {
      self = .null
    } else if let v = try? c.decode(Int.self) {
      self = .int(v)
    } else if let v = try? c.decode(Double.self) {
      self = v < 0x1p63 ? .number(v) : (try? c.decode(UInt64.self)).map(JSON.unsigned) ?? .number(v)
    } else if let v = try? c.decode(Bool.self) {
      self = .bool(v)
    } else if let v = try? c.decode(String.self) {
      self = .string(v)
    } else if let v = try? c.decode([JSON].self) {
      self = .array(v)
    } else {
      self = .object(try c.decode([String: JSON].self))
    }
  }

  /// Writes the value as its own JSON, without a wrapper.
  public func encode(to encoder: any Encoder) throws {
    var c = encoder.singleValueContainer()
    switch self {
    case .null: try c.encodeNil()
    case .bool(let v): try c.encode(v)
    case .int(let v): try c.encode(v)
    case .unsigned(let v): try c.encode(v)
    case .number(let v): try c.encode(v)
    case .string(let v): try c.encode(v)
    case .array(let v): try c.encode(v)
    case .object(let v): try c.encode(v)
    }
  }

  /// Reads a file that must hold an object, as Python's `json` reads it, but for keys that stand there twice: NaN and
  /// infinities are numbers.
  public init(contentsOf file: URL) throws {
    let data = try InputFile.data(file, .json)
    do { self = try JSONText.value(data) } catch {
      if let key = error.repeatedKey {
        throw LetheError(
          .model, in: file.path, key: key, "\(error); accepted: every key once")
      }
      let fault = LetheError.wrong(file, "it is no JSON: \(error)")
      // A text is no JSON at a place, which the fault names.
      let isText = String(data: data, encoding: .utf8) != nil
      throw isText ? fault : .strange(file, data, accepted: "a file of JSON", else: fault)
    }
    guard case .object = self else {
      throw LetheError.wrong(file, "it is JSON, but no object in braces")
    }
  }

  /// The value as any other Codable type sees it.
  public init(encoding value: some Encodable) throws {
    let text = try Self.encoder().encode(value)
    do { self = try JSONText.value(text) } catch {
      throw EncodingError.invalidValue(
        value, .init(codingPath: [], debugDescription: "it makes no JSON: \(error)"))
    }
  }
  /// The value as a Codable type; `inf`, `-inf` and `nan` are numbers.
  /// - Throws: `DecodingError` where it does not fit the type
  public func decoded<T: Decodable>(as type: T.Type = T.self) throws -> T {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(T.self, from: try Self.encoder().encode(self))
  }

  /// JSON has no words for numbers that are not finite. A measure over nothing is one.
  private static func encoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }

  /// A member of an object; nil where there is none, or no object. Setting it leaves other values as they are.
  public subscript(_ key: String) -> JSON? {
    get { if case .object(let members) = self { members[key] } else { nil } }
    set {
      guard case .object(var members) = self else { return }
      members[key] = newValue
      self = .object(members)
    }
  }

  /// A seed.
  package init(_ seed: UInt64) { self = Int(exactly: seed).map(JSON.int) ?? .unsigned(seed) }

  /// The whole number, also of one that is written with a fraction of zero; nil for other values.
  public var int: Int? {
    switch self {
    case .int(let v): v
    case .number(let v) where v == v.rounded() && abs(v) < 1e15: Int(v)
    default: nil
    }
  }
  /// The number; nil for other values.
  public var number: Double? {
    switch self {
    case .int(let v): Double(v)
    case .unsigned(let v): Double(v)
    case .number(let v): v
    default: nil
    }
  }
  /// The truth value; nil for other values.
  public var bool: Bool? { if case .bool(let v) = self { v } else { nil } }
  /// The text; nil for other values.
  public var string: String? { if case .string(let v) = self { v } else { nil } }
  /// The elements; nil for other values.
  public var array: [JSON]? { if case .array(let v) = self { v } else { nil } }
  /// The members of an object; nil for other values.
  public var members: [String: JSON]? { if case .object(let v) = self { v } else { nil } }

  /// Sorted keys, two spaces, a newline at the end: diffs stay small.
  public var pretty: String {
    text([.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]) + "\n"
  }
  /// The value in a sentence: ``compact``, with the digits of a whole number that has no place in 64 bits.
  package var shown: String {
    guard case .number(let v) = self, v == v.rounded(), abs(v) >= 1e15, abs(v) < 1e25 else {
      return compact
    }
    // The shortest digits that give the number, as 1.2345e+20, and zeros for the rest.
    let parts = "\(abs(v))".split(separator: "e")
    let (digits, power) = (parts[0].split(separator: "."), parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    let fraction = digits.count > 1 && digits[1] != "0" ? digits[1] : ""
    let zeros = String(repeating: "0", count: max(0, power - fraction.count))
    return (v < 0 ? "-" : "") + digits[0] + fraction + zeros
  }
  /// One line with sorted keys.
  public var compact: String { text([.sortedKeys, .withoutEscapingSlashes]) }

  /// The same with NaN, Infinity and -Infinity where Python writes them.
  package var python: String {
    let marks = ["Infinity", "-Infinity", "NaN"].map { ($0, "lethe number \($0)") }
    let text = text(
      [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes],
      (marks[0].1, marks[1].1, marks[2].1))
    return marks.reduce(text) { $0.replacingOccurrences(of: "\"\($1.1)\"", with: $1.0) } + "\n"
  }

  private func text(
    _ formatting: JSONEncoder.OutputFormatting,
    _ notFinite: (String, String, String) = ("inf", "-inf", "nan")
  ) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: notFinite.0, negativeInfinity: notFinite.1, nan: notFinite.2)
    guard let data = try? encoder.encode(self) else { return "null" }
    return String(decoding: data, as: UTF8.self)
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int) { self = .int(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An array.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// An object; of two equal keys the later one counts.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(Dictionary(elements) { $1 })
  }
}
