// Numbers of prompts: `--limit`, and `--prompts NUMBER` of version 0.1.
import ArgumentParser
import Testing
import Torch

@testable import LetheCommands

@Suite struct PromptLimitTests {
  @Test func benchmarks() throws {
    #expect(try PromptLimit.parse([]).number(usual: 10) == 10)
    #expect(try PromptLimit.parse(["--limit", "3"]).number(usual: 10) == 3)
    #expect(try PromptLimit.parse(["--prompts", "4"]).number(usual: 10) == 4)
    #expect(try PromptLimit.parse(["--prompts", "4", "--limit", "3"]).number(usual: 10) == 3)
    let none = try PromptLimit.parse(["--prompts", "0"])
    #expect(throws: LetheError.self) { try none.number(usual: 10) }
    #expect(throws: (any Error).self) { try PromptLimit.parse(["--prompts", "list.csv"]) }
  }

  @Test func files() throws {
    let file = try PromptFile.parse(["--prompts", "list.csv"])
    #expect(try file.file == "list.csv" && file.limit(2) == 2 && file.limit(nil) == nil)
    let former = try PromptFile.parse(["--prompts", "4"])
    #expect(try former.file == nil && former.limit(nil) == 4 && former.limit(2) == 2)
    #expect(throws: LetheError.self) { try former.limit(0) }
  }
}
