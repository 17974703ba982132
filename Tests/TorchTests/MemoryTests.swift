import Testing

@testable import Torch

@Suite struct MemoryTests {
  @Test func workThatDoesNotFitIsRefused() throws {
    try Memory.require(8e9, for: "a training", "less", available: 8_000_000_000)
    try Memory.require(8e9, for: "a training", "less", available: nil)
    let error = #expect(throws: LetheError.self) {
      try Memory.require(9e9, for: "a training", "less", available: 8_000_000_000)
    }
    #expect(error?.kind == .memory)
    #expect(
      error?.sentence
        == "a training needs 9.0 GB of memory at least, and 8.0 GB are left; try less")
  }

  #if os(Linux)
    @Test func theMachineSaysWhatIsLeft() throws {
      let left = try #require(Memory.available)
      #expect(left > 1 << 20)
    }
  #endif
}
