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
    let stop: JSON = ["step": 10, "kept": 5, "drift": 0.7, "limit": 0.5]
    let stopped = Verdict.stopped(.init(step: 10, kept: 5, drift: 0.7, limit: 0.5))
    #expect(try JSON(encoding: Verdict.keptWhole) == ["keptWhole": [:]])
    #expect(try JSON(encoding: stopped) == ["stopped": stop])
    // The form of Swift's own coding.
    #expect(try (["stopped": ["_0": stop]] as JSON).decoded() == stopped)
    #expect(throws: DecodingError.self) { try ([:] as JSON).decoded(as: Verdict.self) }
  }
}
