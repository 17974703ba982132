import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite struct CheckedTests {
  private let card: JSON = [
    "widths": [4, 0], "size": 16, "share": 1.5, "name": "fox", "heads": ["object": ["fox", "fox"]],
  ]
  private var checked: Checked { Checked(card, "judge.json") }

  @Test(arguments: [
    ("size", "judge.json: 'size' is 16; accepted: a whole number from 1 to 8"),
    ("share", "judge.json: 'share' is 1.5; accepted: a whole number from 1 to 8"),
    ("name", "judge.json: 'name' is \"fox\"; accepted: a whole number from 1 to 8"),
    ("none", "judge.json: 'none' is missing; accepted: a whole number from 1 to 8"),
  ]) func aNumberOutOfItsBoundsIsNamed(key: String, sentence: String) {
    #expect(throws: LetheError.model(sentence)) { try checked[key].int(1...8) }
  }

  private struct Numbers: Codable {
    var seed = UInt64(0)
    var steps = [0]
    var share = 0.5
  }

  /// Foundation says of a number that does not fit its type that there is one.
  @Test(
    arguments: [
      (
        ["seed": -1, "steps": [], "share": 1],
        "'seed' is -1; accepted: a whole number from 0 to \(UInt64.max)"
      ),
      (
        ["seed": 1.5, "steps": [1], "share": 1],
        "'seed' is 1.5; accepted: a whole number from 0 to \(UInt64.max)"
      ),
      (
        ["seed": 1e300, "steps": [1], "share": 1],
        "'seed' is 1e+300; accepted: a whole number from 0 to \(UInt64.max)"
      ),
      (
        ["seed": 1, "steps": [1, 1e99, 3], "share": 1e99],
        "'steps[1]' is 1e+99; accepted: a whole number"
      ),
      (["seed": 1, "steps": [0.5], "share": 0.5], "'steps[0]' is 0.5; accepted: a whole number"),
    ] as [(JSON, String)])
  func numbersThatNoTypeHoldsAreNamed(_ json: JSON, _ sentence: String) {
    let error = #expect(throws: LetheError.self) {
      try Checked(json, "job.json").decoded(as: Numbers.self)
    }
    #expect(error?.sentence == "job.json: \(sentence)")
  }

  @Test func elementsCarryTheirPlace() throws {
    let widths = try checked["widths"].list(1...4, of: "widths")
    #expect(try widths[0].int(1...8) == 4)
    #expect(
      throws: LetheError.model(
        "judge.json: 'widths[1]' is 0; accepted: a whole number from 1 to 8")
    ) { try widths[1].int(1...8) }
  }

  @Test func namesAreDifferent() {
    #expect(
      throws: LetheError.model(
        "judge.json: 'heads.object' is [\"fox\",\"fox\"]; accepted: different classes, none of them empty"
      )
    ) { try checked["heads"]["object"].names(1...9, of: "classes") }
  }

  @Test func aMissingKeyHasItsFallback() throws {
    #expect(try checked["none"].int(1...8, 3) == 3)
    #expect(throws: LetheError.self) { try checked["size"].int(1...8, 3) }
  }

  @Test func aDecoderIsToldWhichKeyDoesNotFit() {
    struct Card: Decodable { var heads: [String: [Int]] }
    #expect(
      throws: LetheError.model(
        "judge.json: 'heads.object[0]' is \"fox\"; accepted: a whole number")
    ) { try checked.decoded(as: Card.self) }
  }

  @Test func boundsRefuseWhatIsNoNumber() {
    #expect(Bound.number(0...1).allows(0.5))
    #expect(!Bound.number(0...1).allows(.number(.nan)))
    #expect(!Bound.positive(.greatestFiniteMagnitude).allows(.number(.infinity)))
    #expect(!Bound.positive(1).allows(0))
    #expect(!Bound.whole(0...8).allows(0.5))
    #expect(!Bound.whole(0...8).allows(.number(1e300)))
  }
}
