import Foundation
import Testing

@testable import Torch

@Suite struct OptionBoundsTests {
  @Test func aNumberIsRoundedIntoItsRange() {
    #expect(Int(bounded: .nan, 2...9) == 2)
    #expect(Int(bounded: .infinity, 2...9) == 9)
    #expect(Int(bounded: -1e300, 2...9) == 2)
    #expect(Int(bounded: 4.6, 2...9) == 5)
  }

  @Test func wholeNumbersWithoutABoundAreCounts() {
    let usual: JSON = ["things": 3, "seed": 1, "weight": 0.5]
    #expect(throws: LetheError.self) {
      try OptionBounds.check(["things": -1], usual, in: "--set") { _ in true }
    }
    #expect(throws: Never.self) {
      try OptionBounds.check(
        ["seed": .unsigned(.max), "weight": -2], usual, in: "--set"
      ) { _ in true }
    }
    for seed in [-1, 0.5, 1e30] as [JSON] {
      #expect(
        throws: LetheError.badValue(
          "--set",
          "'seed' is \(seed.compact); accepted: a whole number from 0 to 18446744073709551615")
      ) { try OptionBounds.check(["seed": seed], usual, in: "--set") { _ in true } }
    }
  }

  /// An option of real numbers whose default is whole takes halves and negative numbers.
  @Test func realNumbersMayHaveWholeDefaults() throws {
    struct Options: Codable, Equatable {
      var gain = 0.0
      var gains = [0.0, 1]
      var things = 3
    }
    let given: JSON = ["gain": -0.25, "gains": [-1, 0.5]]
    let laid = try given.laid(over: Options(), in: "--set")
    #expect(laid == Options(gain: -0.25, gains: [-1, 0.5]))
    let halves: JSON = ["things": 0.5]
    #expect(throws: LetheError.self) { try halves.laid(over: Options(), in: "--set") }
    let debts: JSON = ["things": -1]
    #expect(
      throws: LetheError.badValue(
        "--set", "'things' is -1; accepted: a whole number from 0 to 1000000000")
    ) { try debts.laid(over: Options(), in: "--set") }
  }

  /// Python writes NaN and Infinity, a command line words: no option takes them.
  @Test(arguments: ["nan", "inf", "-infinity"] as [JSON] + [.number(.nan), .number(.infinity)])
  func numbersAreFinite(_ value: JSON) {
    let usual: JSON = ["guarding": ["limit": 0.5], "steps": 3]
    for given in [["guarding": ["limit": value]], ["steps": value]] as [JSON] {
      #expect(throws: LetheError.self) {
        try OptionBounds.check(given, usual, in: "--set") { _ in false }
      }
    }
    #expect(throws: Never.self) {
      try OptionBounds.check(["word": value], ["word": "x"], in: "--set") { _ in false }
    }
  }

  @Test func aKeyHasItsBoundWhereverItStands() {
    #expect(
      throws: LetheError.badValue(
        "x", "'a.training.batch' is 0; accepted: a whole number from 1 to 65536")
    ) {
      try OptionBounds.check(["a": ["training": ["batch": 0]]], [:], in: "x") { _ in true }
    }
  }
}
