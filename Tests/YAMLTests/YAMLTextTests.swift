// Requests in YAML: the value of a text, and the texts that are refused because readers differ on them or because they
// are hostile.
import Foundation
import TestSupport
import Testing
import Torch

@testable import YAML

@Suite struct YAMLTextTests {
  static func text(_ text: String) throws -> YAMLText {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("a.yaml")
      try Data(text.utf8).write(to: file)
      return try YAMLText(contentsOf: file)
    }
  }

  /// The values of YAML 1.2, which are JSON's.
  @Test func values() throws {
    let found = try Self.text(
      """
      # a request
      model: Models/emoji
      seed: 18446744073709551615
      numbers: [5, -3, +4, 1e-5, 1E3, .5, 2., 0, 0.0]
      words: ['yes', "1e-5", 1.2.3, 2026-11-26, a photo of a fox, "S*x and *bold*"]
      empty:
      none: ~
      flags: {guarding: true, other: False}
      lines: |
        first
        second

      """
    ).json
    let numbers: [JSON] = [5, -3, 4, 1e-5, 1000, 0.5, 2, 0, 0]
    let expected: JSON = [
      "model": "Models/emoji", "seed": .unsigned(.max), "numbers": .array(numbers),
      "words": ["yes", "1e-5", "1.2.3", "2026-11-26", "a photo of a fox", "S*x and *bold*"],
      "empty": .null, "none": .null, "flags": ["guarding": true, "other": false],
      "lines": "first\nsecond\n",
    ]
    #expect(found == expected, "\(found.compact)")
  }

  /// A few values may stand for others; many could grow without bound.
  @Test func aliases() throws {
    let found = try Self.text("a: &x [1, 2]\nb: *x\n").json
    #expect(found == ["a": [1, 2], "b": [1, 2]])
    // Without anchors a star is a star.
    let stars = (0..<20).map { "- 'in *style\($0)'\n" }.joined()
    #expect(try Self.text("a:\n" + stars).json["a"]?.array?.count == 20)
  }

  static let refused: [(text: String, part: String)] = [
    ("a: 1\nb: 2\na: 3", "line 1: the key 'a' stands there twice"),
    ("a: {b: 1, 'b': 2}", "the key 'b' stands there twice"),
    ("a: yes", "yes is a truth value to some readers"),
    ("a:\n  b: [Off]", "line 2: Off is a truth value"),
    ("a: 010", "010 is a number to some"), ("a: 1_000", "1_000 is a number to some"),
    ("a: 0x1F", "0x1F is a number to some"), ("a: 12:30", "12:30 is a number to some"),
    ("a: 1e999", "the number 1e999 is too large"),
    ("- 1\n- 2", "line 1: it is no mapping"), ("", "it is no mapping"),
    ("a: 1\n---\nb: 2", "line 2: it is no YAML: but found another document"),
    ("a: !!python/object:os.system x", "the tag 'tag:yaml.org,2002:python/object:os.system'"),
    ("a: !secret x", "the tag '!secret' is not read"), ("a: [1", "it is no YAML: "),
    ("a: *x", "line 1: it is no YAML: found undefined alias"), ("? [1]\n: 2", "a key is no text"),
    ("a: \u{0}", "it is no YAML: "), ("\ta: 1", "it is no YAML: "),
  ]

  @Test(arguments: refused.indices) func refusals(_ i: Int) throws {
    let (text, part) = Self.refused[i]
    let error = try #require(throws: LetheError.self, "\(text)") { try Self.text(text) }
    #expect(error.sentence.contains(part), "\(error.sentence)")
    #expect(!error.sentence.contains("\n"))
  }

  /// Copies of copies, depth and length are refused before they cost anything.
  @Test func bombs() throws {
    let laughs = (1..<10).map { i in
      "a\(i): &a\(i) ["
        + Array(repeating: i == 1 ? "lol" : "*a\(i - 1)", count: 10)
        .joined(separator: ", ") + "]\n"
    }.joined()
    let key = laughs + "? *a9\n: 1\n"
    let deep = "a: " + String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
    let open = "a: " + String(repeating: "[", count: 60_000)
    let nested = String(repeating: "- ", count: 30_000) + "1"
    let long = "a: [" + String(repeating: "1,", count: 25_000) + "1]"
    let huge = "a: '" + String(repeating: "x", count: 70_000) + "'"
    for (text, part) in [
      (laughs, "has 80 aliases; accepted: at most 8"), (key, "has 81 aliases"),
      (deep, "at most 32 deep"), (open, "at most 32 deep"), (nested, "at most 32 deep"),
      (long, "there are too many values; accepted: 20000"), (huge, "bytes of YAML"),
    ] {
      let error = try #require(throws: LetheError.self) { try Self.text(text) }
      #expect(error.sentence.contains(part), "\(error.sentence.prefix(300))")
    }
  }

  /// An error about a key of the file has its line; one about something else stays.
  @Test func linesOfErrors() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("a.yaml")
      try Data("seed: x\noptions:\n  training:\n    steps: many\n".utf8).write(to: file)
      let text = try YAMLText(contentsOf: file)
      func located(_ place: String, _ key: String?, _ fault: String) -> String {
        text.located(LetheError(.request, in: place, key: key, fault)).sentence
      }
      #expect(
        located(file.path, "seed", "'seed' is \"x\"") == "\(file.path), line 1: 'seed' is \"x\"")
      #expect(
        located(file.path, "training.steps", "unknown key")
          == "\(file.path), line 4: unknown key")
      #expect(located(file.path, "model", "it is missing") == "\(file.path): it is missing")
      #expect(located(file.path, nil, "'seed' is no key") == "\(file.path): 'seed' is no key")
      #expect(located("--set", "seed", "'seed' is 1") == "--set: 'seed' is 1")
    }
    #expect(
      !YAMLText.isNamed(URL(fileURLWithPath: "job.json"))
        && YAMLText.isNamed(URL(fileURLWithPath: "A.YML")))
  }
}
