import Testing
import Torch

@testable import Editing

@Suite struct ErasedTests {
  @Test func verdictsComeBack() throws {
    for verdict in [
      Verdict.keptWhole, .stopped(.init(step: 10, kept: 5, drift: 0.7, limit: 0.5)),
      .stopped(.init(step: 10, kept: 5, drift: .nan, limit: 0.5)),
    ] {
      #expect(try JSON(encoding: verdict).decoded() == verdict)
    }
  }
}
