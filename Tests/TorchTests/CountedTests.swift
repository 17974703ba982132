import Testing

@testable import Torch

@Suite struct CountedTests {
  @Test func nounsFollowTheirNumbers() {
    #expect([0, 1, 2].map { $0.counted("step") } == ["0 steps", "1 step", "2 steps"])
  }

  /// The embedded model has 25 MB, which was told as 0.0 GB.
  @Test func bytesBelowAGigabyte() {
    #expect(
      [12_300, 25_400_000, 999_600_000, 1.44e9].map(\.bytesInWords)
        == ["12 kB", "25 MB", "1000 MB", "1.4 GB"])
  }
}
