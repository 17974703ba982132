// Every number among the options of methods and attacks: the range of its meaning is accepted, and nothing beyond.
import Attacks
import Foundation
import Testing
import Torch
import Unlearning
import Workbench

@testable import LetheCommands

@Suite struct OptionRangeTests {
  /// A numeric option, and a reader of values for it.
  struct Number: CustomStringConvertible, Sendable {
    let owner: String
    let path: [String]
    let meaning: String
    let accepts: @Sendable (JSON) -> Bool
    var description: String { "\(owner) \(path.joined(separator: "."))" }
  }

  private static func numbers<T: Codable & Sendable>(
    _ owner: String, _ defaults: T, _ meanings: [OptionMeaning]
  ) -> [Number] {
    func leaves(_ json: JSON, _ path: [String]) -> [(path: [String], isList: Bool)] {
      if let members = json.members {
        return members.sorted { $0.key < $1.key }.flatMap { leaves($0.value, path + [$0.key]) }
      }
      if let list = json.array {
        // An empty list has no number to tell what it holds; its own name does.
        return list.first?.number != nil || path.last == "timesteps" ? [(path, true)] : []
      }
      return json.number == nil ? [] : [(path, false)]
    }
    let usual = (try? JSON(encoding: defaults)) ?? .null
    return leaves(usual, []).filter { $0.path.last != "seed" }.map { path, isList in
      let option = path.joined(separator: ".")
      let meaning =
        meanings.first { $0.option == option && $0.owners.contains(owner) }?.text ?? ""
      return Number(owner: owner, path: path, meaning: meaning) { value in
        let given = path.reversed().reduce(isList ? .array([value]) : value) {
          JSON.object([$1: $0])
        }
        return (try? given.laid(over: defaults, in: "--set")) != nil
      }
    }
  }

  static let all: [Number] = {
    func method<M: UnlearningMethod>(_ type: M.Type) -> [Number] {
      numbers(type.name, M(), OptionMeanings.methods)
    }
    func attack<A: Attack>(_ type: A.Type) -> [Number] {
      numbers(type.name, A(), OptionMeanings.attacks)
    }
    return MethodCatalog.builtIn.all.flatMap { method($0) }
      + AttackCatalog.builtIn.all.flatMap { attack($0) }
  }()

  @Test func thereAreManyNumbers() { #expect(Self.all.count > 300, "\(Self.all.count)") }

  @Test func numbersBeyondAllMeasureAreRefused() {
    for option in Self.all {
      for value in [.number(.nan), .number(.infinity), 1e308, -1e308, "nan", "inf"] as [JSON] {
        #expect(!option.accepts(value), "\(option) takes \(value.compact)")
      }
    }
  }

  /// A number below zero has a meaning where the option's comment speaks of one.
  @Test func negativeNumbersHaveAMeaning() {
    for option in Self.all {
      let isMeant = option.meaning.contains("A negative") || option.meaning.contains("below 0 too")
      #expect(option.accepts(-1) == isMeant, "\(option): \(option.meaning)")
    }
  }

  /// The range that stands first in a comment is the accepted one.
  @Test func rangesAreAsTheirMeaningsSay() throws {
    for option in Self.all {
      let text = option.meaning
      #expect(!text.isEmpty, "\(option) has no meaning")
      let patterns: [(Regex<AnyRegexOutput>, String)] = [
        (try Regex("above 0"), "above"), (try Regex("from (\\d+)"), "from"),
        (try Regex("(\\d+) to `"), "from"), (try Regex("(\\d+) to below 1"), "below"),
        (try Regex("(\\d[\\d,]*) to (\\d[\\d,]*)(?!\\.?\\d)"), "to"),
      ]
      let found = patterns.compactMap { pattern, kind in
        text.firstMatch(of: pattern).map { (match: $0, kind: kind) }
      }.min { $0.match.range.lowerBound < $1.match.range.lowerBound }
      guard let found else {
        #expect(option.accepts(0) && option.accepts(-1), "\(option) names no range: \(text)")
        continue
      }
      func number(_ i: Int) -> Int {
        Int((found.match[i].substring ?? "").replacing(",", with: "")) ?? 0
      }
      switch found.kind {
      case "above": #expect(!option.accepts(0) && option.accepts(1e-3), "\(option): \(text)")
      case "from":
        #expect(option.accepts(.int(number(1))), "\(option): \(text)")
        #expect(!option.accepts(.int(number(1) - 1)), "\(option): \(text)")
      case "below":
        #expect(option.accepts(.int(number(1))) && !option.accepts(1), "\(option): \(text)")
        #expect(!option.accepts(.int(number(1) - 1)), "\(option): \(text)")
      default:
        #expect(
          option.accepts(.int(number(1))) && option.accepts(.int(number(2))), "\(option): \(text)")
        #expect(
          !option.accepts(.int(number(1) - 1)) && !option.accepts(.int(number(2) + 1)),
          "\(option): \(text)")
      }
    }
  }
}
