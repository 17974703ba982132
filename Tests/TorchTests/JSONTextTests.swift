import Foundation
import TestSupport
import Testing
import Torch

@Suite struct JSONTextTests {
  private func read(_ text: String, _ dialect: JSONText.Dialect = .python) -> JSON? {
    try? JSONText.value(Data(text.utf8), dialect)
  }

  @Test func python() {
    #expect(read("{\"a\": -Infinity, \"b\": [NaN, Infinity]}")?["a"]?.number == -.infinity)
    #expect(read("\u{FEFF}{\"a\": 1.0}") == ["a": 1])
    #expect(read("\"\\u00e9\\ud83e\\udd8ax\\n\"") == .string("é🦊x\n"))
    #expect(read("[18446744073709551615, -3, 1e2, 0.5]") == [.unsigned(.max), -3, 100, 0.5])
    #expect(read(" [ ] ") == [] && read("{ }") == [:] && read("null") == .null)
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":1,}", "[01]", "[1.]", "[+1]", "[1e]", "nul", "{a: 1}", "'a'", "\"\n\"",
    "\"\\x\"", "\"\\ud800x\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "[1] 2", "\"\\u12\"",
    "[1e999]", "[-]", "{\"a\"}", "\"abc", "[1 2]", "-Inf",
  ])
  func damaged(_ text: String) { #expect(read(text) == nil) }

  /// Of two values of one key nobody knows which was meant.
  @Test(arguments: [JSONText.Dialect.python, .strict])
  func repeatedKeys(_ dialect: JSONText.Dialect) throws {
    for (text, offset) in [
      ("{\"a\": 1, \"a\": 1}", 9), ("[{\"b\": {\"a\": 1, \"\\u0061\": 2}}]", 16),
    ] {
      let fault = #expect(throws: JSONText.Fault.self) {
        try JSONText.value(Data(text.utf8), dialect)
      }
      #expect(fault?.repeatedKey == "a" && fault?.offset == offset, "\(text)")
    }
    #expect(read("[{\"a\": 1}, {\"a\": 2}]", dialect) == [["a": 1], ["a": 2]])
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("job.json")
      try Data("{\"method\": \"uce\", \"method\": \"esd\"}".utf8).write(to: file)
      let error = #expect(throws: LetheError.self) { try JSON(contentsOf: file) }
      #expect(
        error?.sentence
          == "\(file.path): the key 'method' stands there twice, at byte 18; accepted: every key once"
      )
    }
  }

  @Test func strict() {
    for text in ["[NaN]", "\u{FEFF}[]", "{\"a\": 1, \"a\": 2}", "[-Infinity]"] {
      #expect(read(text, .strict) == nil)
    }
    #expect(read("[1.0]", .strict) == .array([.number(1)]))
    #expect(read(String(repeating: "[", count: 5000)) == nil)
  }

  /// The short way reads what the long way reads, or nothing.
  @Test(arguments: [
    "{\"a\": 1}", " { \"a\\u00e9</w>\" : 12345678 ,\n\"\\\"\":0 } ", "{\"a\":1,\"a\":2}",
  ])
  func wholeNumbers(_ text: String) {
    #expect(
      JSONText.wholeNumbers(Data(text.utf8))?.mapValues(JSON.int) == read(text)?.members)
  }

  @Test(arguments: [
    "{}", "{\"a\": 1,}", "{\"a\": 01}", "{\"a\": 1.0}", "{\"a\": -1}", "{\"a\": 123456789}",
    "{\"a\": \"1\"}", "{\"a\": 1} 2", "{\"a\": 1", "[1]", "{\"a\" 1}", "{\"a\": }", "",
  ])
  func others(_ text: String) { #expect(JSONText.wholeNumbers(Data(text.utf8)) == nil) }

  /// The large members of a tokenizer's file are read apart from the rest.
  @Test func partsOfATokenizer() throws {
    let text = #"""
      {"added_tokens": [{"id": 2, "content": "<x>"}], "model": {"type": "BPE", "unk_token": null,
        "vocab": {"a": 0, "b\"": 1}, "merges": [["a", "b\""], "b\" a"], "dropout": 0.5}, "last": [1]}
      """#
    let found = try #require(JSONText.tokenizer(Data(text.utf8)))
    #expect(found.vocabulary == ["a": 0, "b\"": 1])
    #expect(found.merges.map { [$0, $1] } == [["a", "b\""], ["b\"", "a"]])
    #expect(
      found.rest == [
        "added_tokens": [["id": 2, "content": "<x>"]], "last": [1],
        "model": ["type": "BPE", "unk_token": .null, "dropout": 0.5],
      ])
  }

  @Test(arguments: [
    "", "{}", "{\"model\": {\"vocab\": {\"a\": 0}}}",
    "{\"model\": {\"vocab\": {\"a\": -1}, \"merges\": [[\"a\", \"b\"]]}}",
    "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [[\"a\", \"b\", \"c\"]]}}",
    "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [\"a\"]}}",
    "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [[\"a\", \"b\"]]}} x",
    "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [[\"a\", \"b\"]}",
  ])
  func noTokenizers(_ text: String) { #expect(JSONText.tokenizer(Data(text.utf8)) == nil) }
}
