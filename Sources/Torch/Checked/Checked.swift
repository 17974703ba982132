package import Foundation

/// A value of a file that a stranger may have written, with the keys that lead to it.
///
/// Readers take numbers, texts and lists here: every accessor names what it accepts, and refuses the rest in one
/// sentence with the file, the key, the value and the accepted ones.
package struct Checked: Sendable {
  /// The value; nil where its key is missing.
  package let value: JSON?
  /// The file or the option that it comes from.
  let source: String
  /// The keys that lead to it, e.g. `captions.both[2]`.
  let path: String
  let kind: LetheError.Kind

  /// Reads a file that must hold a JSON object.
  /// - Throws: ``LetheError`` of the kind `model`
  package init(contentsOf file: URL) throws {
    self.init(try JSON(contentsOf: file), file.path)
  }

  /// - Parameter source: the file or the option that the value comes from
  package init(_ value: JSON?, _ source: String, _ kind: LetheError.Kind = .model) {
    self.init(value, source, "", kind)
  }

  private init(_ value: JSON?, _ source: String, _ path: String, _ kind: LetheError.Kind) {
    (self.value, self.source, self.path, self.kind) = (value, source, path, kind)
  }

  /// Whether the key is missing, or null.
  package var isMissing: Bool { value == nil || value == .null }

  package subscript(_ key: String) -> Checked {
    Checked(value?[key], source, path.isEmpty ? key : "\(path).\(key)", kind)
  }

  /// - Parameter accepted: the accepted values in words
  package func refused(_ accepted: String) -> LetheError {
    let shown = value.map { String($0.shown.prefix(120)) } ?? "missing"
    let place = path.isEmpty ? "it" : "'\(path)'"
    return LetheError(
      kind, in: source, key: path.isEmpty ? nil : path,
      "\(place) is \(shown); accepted: \(accepted)")
  }

  private func read<T>(_ fallback: T?, _ accepted: String, _ found: T?) throws -> T {
    if let found { return found }
    guard isMissing, let fallback else { throw refused(accepted) }
    return fallback
  }

  package func int(_ range: ClosedRange<Int>, _ fallback: Int? = nil) throws -> Int {
    let bound = Bound.whole(range)
    return try read(fallback, bound.accepted, value.flatMap { bound.allows($0) ? $0.int : nil })
  }

  package func number(_ range: ClosedRange<Double>, _ fallback: Double? = nil) throws -> Double {
    try number(.number(range), fallback)
  }

  package func number(_ bound: Bound, _ fallback: Double? = nil) throws -> Double {
    try read(fallback, bound.accepted, value.flatMap { bound.allows($0) ? $0.number : nil })
  }

  package func bool(_ fallback: Bool? = nil) throws -> Bool {
    try read(fallback, "true or false", value?.bool)
  }

  /// - Parameter longest: the most bytes of UTF-8
  package func string(longest: Int = Limit.prompt.most, _ fallback: String? = nil) throws -> String
  {
    try read(
      fallback, "a text of at most \(longest) bytes",
      value?.string.flatMap { $0.utf8.count <= longest ? $0 : nil })
  }

  /// The elements of a list.
  package func list(_ counts: ClosedRange<Int>, of noun: String) throws -> [Checked] {
    guard let list = value?.array, counts.contains(list.count) else {
      throw refused(
        "a list of \(counts.lowerBound) to \(counts.upperBound) \(noun)")
    }
    return list.enumerated().map { Checked($1, source, "\(path)[\($0)]", kind) }
  }

  /// The members of an object, in the order of their keys.
  package func members() throws -> [(key: String, value: Checked)] {
    guard let members = value?.members else { throw refused("an object") }
    return members.sorted { $0.key < $1.key }.map { ($0.key, self[$0.key]) }
  }

  /// Different names, none of them empty.
  package func names(_ counts: ClosedRange<Int>, of noun: String) throws -> [String] {
    let names = try list(counts, of: noun).map { try $0.string(longest: 1000) }
    guard Set(names).count == names.count, !names.contains("") else {
      throw refused("different \(noun), none of them empty")
    }
    return names
  }

  /// The value as another type.
  /// - Throws: ``LetheError`` that names the key that does not fit
  package func decoded<T: Decodable>(as type: T.Type = T.self) throws -> T {
    do { return try (value ?? .null).decoded() } catch let error as DecodingError {
      if error.hasNoPlace, let refusal = strangeNumber(for: T.self) { throw refusal }
      let (keys, accepted) = error.place
      let place = keys.reduce(self) { at, key in
        key.intValue.map { at.element($0) } ?? at[key.stringValue]
      }
      let isObject = place.value?.members != nil && accepted == "an object"
      let isOption = kind == .request && accepted == "a list"
      throw place.refused(
        isObject
          ? "an object with its keys, as lethe writes it"
          : isOption ? "a list, e.g. [\"a\", \"b\"] of names or [1, 2] of numbers" : accepted)
    }
  }

  func element(_ i: Int) -> Checked {
    let list = value?.array ?? []
    return Checked(list.indices.contains(i) ? list[i] : nil, source, "\(path)[\(i)]", kind)
  }
}

extension DecodingError {
  /// The keys that lead to the fault, and what would be accepted there.
  var place: (keys: [any CodingKey], accepted: String) {
    func words(_ type: any Any.Type) -> String {
      switch type {
      case is any BinaryInteger.Type: "a whole number"
      case is any BinaryFloatingPoint.Type: "a number"
      case is String.Type: "a text"
      case is Bool.Type: "true or false"
      default: "\(type)".hasPrefix("Array") ? "a list" : "an object"
      }
    }
    switch self {
    case .typeMismatch(let type, let at), .valueNotFound(let type, let at):
      return (at.codingPath, words(type))
    case .keyNotFound(let key, let at): return (at.codingPath + [key], "a value")
    case .dataCorrupted(let at):
      // Foundation's own words begin with a capital.
      let isOwn = at.debugDescription.first?.isLowercase == true
      return (at.codingPath, isOwn ? at.debugDescription : "a value that lethe writes there")
    @unknown default: return ([], "\(self)")
    }
  }
}
