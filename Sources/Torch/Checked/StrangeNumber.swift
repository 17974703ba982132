// Numbers that their type cannot hold, such as a seed of 1.5. Foundation says that there is one, and not where.

extension Checked {
  /// A refusal of the number that `type` cannot hold; nil where the fault is of another kind.
  func strangeNumber<T: Decodable>(for type: T.Type) -> LetheError? {
    let whole = value ?? .null
    /// Whether the fault is another one, or none, with zeros in the place of the first numbers and `last` in that of
    /// the last of them.
    func isMended(_ count: Int, last: JSON = 0) -> Bool {
      let changed = whole.replacingNumbers { $0 < count - 1 ? 0 : $0 == count - 1 ? last : nil }
      do { _ = try changed.decoded(as: T.self) } catch let error as DecodingError {
        return !error.hasNoPlace
      } catch {}
      return true
    }
    let places = whole.placesOfNumbers
    guard !isMended(0), isMended(places.count) else { return nil }
    var (good, bad) = (places.count, 0)
    while good - bad > 1 {
      let middle = (good + bad) / 2
      if isMended(middle) { good = middle } else { bad = middle }
    }
    let most = isMended(good, last: .unsigned(.max)) ? " to \(UInt64.max)" : ""
    let accepted = isMended(good, last: -1) ? "a whole number" : "a whole number from 0\(most)"
    return places[good - 1].reduce(self) { at, step in
      switch step {
      case .key(let key): at[key]
      case .index(let i): at.element(i)
      }
    }.refused(accepted)
  }
}

extension DecodingError {
  /// Whether it is a value that does not fit, and the error does not say where.
  var hasNoPlace: Bool {
    if case .dataCorrupted(let at) = self { at.codingPath.isEmpty } else { false }
  }
}

extension JSON {
  fileprivate enum Step {
    case key(String)
    case index(Int)
  }

  /// The way to each number, in the order of the keys.
  fileprivate var placesOfNumbers: [[Step]] {
    switch self {
    case .int, .unsigned, .number: [[]]
    case .array(let list):
      list.enumerated().flatMap { i, value in value.placesOfNumbers.map { [.index(i)] + $0 } }
    case .object(let members):
      members.sorted { $0.key < $1.key }.flatMap { key, value in
        value.placesOfNumbers.map { [.key(key)] + $0 }
      }
    default: []
    }
  }

  /// The same value with other numbers.
  /// - Parameter change: the new number for the place of one in ``placesOfNumbers``; nil leaves it
  fileprivate func replacingNumbers(_ change: (Int) -> JSON?) -> JSON {
    var next = 0
    return replacingNumbers(from: &next, change)
  }

  private func replacingNumbers(from next: inout Int, _ change: (Int) -> JSON?) -> JSON {
    switch self {
    case .int, .unsigned, .number:
      next += 1
      return change(next - 1) ?? self
    case .array(let list):
      return .array(list.map { $0.replacingNumbers(from: &next, change) })
    case .object(var members):
      for key in members.keys.sorted() {
        members[key] = members[key]?.replacingNumbers(from: &next, change)
      }
      return .object(members)
    default: return self
    }
  }
}
