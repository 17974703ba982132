// The large members of a tokenizer's files, read without a value for each token. A text of any other form gives nil,
// and ``JSONText/value(_:_:)`` judges it.
package import Foundation

extension JSONText {
  /// The members of an object of whole numbers of at most eight digits, such as a vocabulary, in half the time of
  /// ``value(_:_:)``.
  package static func wholeNumbers(_ data: Data) -> [String: Int]? {
    reading(data) { (text) throws(Fault) in try text.wholeNumbers() }
  }

  /// A `tokenizer.json`.
  package struct Tokenizer {
    /// The file without the two members of `model` that follow.
    package var rest: JSON
    package var vocabulary: [String: Int]
    package var merges: [(String, String)]
  }

  /// The parts of a `tokenizer.json` whose merges are pairs, as lists of two or as texts with a blank between.
  package static func tokenizer(_ data: Data) -> Tokenizer? {
    reading(data) { (text) throws(Fault) in try text.tokenizer() }
  }

  /// The result for a text of which nothing is left over.
  private static func reading<T>(
    _ data: Data, _ body: (inout JSONText) throws(Fault) -> T?
  ) -> T? {
    data.withUnsafeBytes { raw in
      var text = JSONText(bytes: raw.bindMemory(to: UInt8.self), dialect: .python)
      guard let found = try? body(&text) else { return nil }
      text.skipSpace()
      return text.i == text.bytes.count ? found : nil
    }
  }

  private mutating func wholeNumbers() throws(Fault) -> [String: Int]? {
    var members = [String: Int](minimumCapacity: bytes.count / 32)
    let isWhole = try eachMember { (text, key) throws(Fault) in
      let start = text.i
      var number = 0
      while let digit = text.next, digit >= 48, digit <= 57, text.i < start + 8 {
        number = 10 * number + Int(digit - 48)
        text.i += 1
      }
      return members.updateValue(number, forKey: key) == nil && text.i > start
        && (text.i == start + 1 || text.bytes[start] != 48)
    }
    return isWhole ? members : nil
  }

  private mutating func tokenizer() throws(Fault) -> Tokenizer? {
    var (rest, model): ([String: JSON], [String: JSON]) = ([:], [:])
    var (vocabulary, merges): ([String: Int]?, [(String, String)]?)
    let isWhole = try eachMember { (text, key) throws(Fault) in
      guard key == "model" else {
        return rest.updateValue(try text.value(depth: 1), forKey: key) == nil
      }
      return try text.eachMember { (text, key) throws(Fault) in
        switch key {
        case "vocab" where vocabulary == nil: vocabulary = try text.wholeNumbers()
        case "merges" where merges == nil: merges = try text.pairs()
        default: return model.updateValue(try text.value(depth: 2), forKey: key) == nil
        }
        return (key != "vocab" || vocabulary != nil) && (key != "merges" || merges != nil)
      }
    }
    guard isWhole, let vocabulary, let merges else { return nil }
    rest["model"] = .object(model)
    return Tokenizer(rest: .object(rest), vocabulary: vocabulary, merges: merges)
  }

  /// Calls `member` at the value of each member of an object that has some.
  /// - Returns: whether the object was read to its end; false as well where `member` says so
  private mutating func eachMember(
    _ member: (inout JSONText, String) throws(Fault) -> Bool
  ) throws(Fault) -> Bool {
    skipSpace()
    guard take("{") else { return false }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { return false }
      let key = try string()
      skipSpace()
      guard take(":") else { return false }
      skipSpace()
      guard try member(&self, key) else { return false }
      skipSpace()
    } while take(",")
    return take("}")
  }

  private mutating func pairs() throws(Fault) -> [(String, String)]? {
    var pairs: [(String, String)] = []
    guard take("[") else { return nil }
    repeat {
      skipSpace()
      guard let pair = try next == UInt8(ascii: "[") ? list() : split() else { return nil }
      pairs.append(pair)
      skipSpace()
    } while take(",")
    return take("]") ? pairs : nil
  }

  private mutating func list() throws(Fault) -> (String, String)? {
    func isQuote() -> Bool { next == UInt8(ascii: "\"") }
    i += 1
    skipSpace()
    guard isQuote() else { return nil }
    let first = try string()
    skipSpace()
    guard take(",") else { return nil }
    skipSpace()
    guard isQuote() else { return nil }
    let second = try string()
    skipSpace()
    return take("]") ? (first, second) : nil
  }

  private mutating func split() throws(Fault) -> (String, String)? {
    guard next == UInt8(ascii: "\"") else { return nil }
    let parts = try string().utf8.split(separator: UInt8(ascii: " "))
    return parts.count == 2 ? (String(Substring(parts[0])), String(Substring(parts[1]))) : nil
  }
}
