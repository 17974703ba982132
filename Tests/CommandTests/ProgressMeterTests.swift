import ArgumentParser
import OutsideMethod
import Testing
import Torch
import Training
import Workbench
import Workflows

@testable import LetheCommands

@Suite struct ProgressMeterTests {
  @Test func ratesAreOfTheLastHalfMinute() {
    var meter = ProgressMeter(at: 0)
    let style = ProgressMeter.Style()
    meter.take(RunProgress("esd", 25, 1000, "goes on from step 25"), at: 5)
    #expect(meter.line(at: 7, style) == "esd  25/1000  2 s  goes on from step 25")
    // 100 seconds at 1 a second, then 10 a second.
    for i in 1...100 { meter.take(RunProgress("esd", 25 + i, 1000), at: 5 + Double(i)) }
    for i in 1...40 { meter.take(RunProgress("esd", 125 + 10 * i, 1000), at: 105 + Double(i)) }
    #expect(abs((meter.rate(at: 145) ?? 0) - 10) < 0.01)
    #expect(meter.line(at: 145, style) == "esd  525/1000  10.0/s  48 s left  2:20 min")
    // Without news the rate falls, and the clock goes on.
    #expect((meter.rate(at: 175) ?? 0) < 6)
    meter.take(RunProgress("esd", 1000, 1000), at: 180)
    #expect(meter.line(at: 180, style) == "esd  1000/1000  in 2:55 min")
    #expect(meter.line(at: 190, style) == "esd is done, preparing the next part  10 s")
    meter.take(RunProgress("erased", 0, 20), at: 200)
    #expect(meter.line(at: 203, style) == "erased  0/20  3 s")
  }

  /// Prompts of an attack end early or all at once: 20 prompts with 10 attempts each, of which the first takes 20 s and
  /// each other 2 s. The rate of finished prompts said nothing for the whole attack, and then hours.
  @Test func attemptsAreCountedWherePromptsEndEarly() {
    var meter = ProgressMeter(at: 0)
    let style = ProgressMeter.Style()
    func tell(_ done: Int, made: Int, left: Int, at now: Double) {
      var progress = RunProgress("attack seeds", done, 20, "attempt")
      progress.attempts = (made, left)
      meter.take(progress, at: now)
    }
    tell(0, made: 0, left: 200, at: 0)
    #expect(meter.line(at: 10, style) == "attack seeds  0/20  10 s  attempt")
    // One slow start makes no estimate.
    tell(0, made: 20, left: 180, at: 20)
    #expect(!meter.line(at: 21, style).contains("left"))
    tell(0, made: 40, left: 160, at: 22)
    #expect(meter.line(at: 22, style) == "attack seeds  0/20  at most 16 s left  22 s  attempt")
    // Ten prompts end: half of the attempts are left.
    tell(10, made: 60, left: 70, at: 24)
    #expect(meter.line(at: 24, style) == "attack seeds  10/20  at most 7 s left  24 s  attempt")
  }

  /// The first unit loads the model; the rate is that of the others.
  @Test func theFirstUnitIsLeftOut() {
    var meter = ProgressMeter(at: 0)
    for (i, time) in [0.0, 20, 21, 22].enumerated() {
      meter.take(RunProgress("pictures", i, 13), at: time)
    }
    #expect(meter.line(at: 22, ProgressMeter.Style()) == "pictures  3/13  1.0/s  10 s left  22 s")
  }

  /// Steps within a batch are told beside the batches' count, and leave the rate alone.
  @Test func stepsAreTold() {
    var meter = ProgressMeter(at: 0)
    meter.take(RunProgress("pictures", 0, 80), at: 0)
    meter.take(RunProgress("pictures", 20, 80), at: 40)
    for i in 1...25 {
      meter.take(RunProgress("pictures", 20, 80, "step \(i) of 25"), at: 40 + 1.6 * Double(i))
    }
    let line = meter.line(at: 80, ProgressMeter.Style())
    #expect(
      line == "pictures  20/80  4.0 s each  4:00 min left  1:20 min  step 25 of 25", "\(line)")
  }

  @Test func linesAreCut() {
    var meter = ProgressMeter(at: 0)
    var style = ProgressMeter.Style(width: 30, hasBar: true)
    #expect(meter.line(at: 3, style) == "preparing  3 s")
    meter.take(RunProgress("a stage", 12, 24, "with a long note on it"), at: 0)
    #expect(meter.line(at: 1, style) == "a stage  12/24  ████████████░")
    (style.width, style.hasColour) = (24, true)
    let line = meter.line(at: 1, style)
    #expect(line == "a stage  12/24  \u{1B}[38;5;32m███████\u{1B}[0m")
    style = ProgressMeter.Style(width: nil, hasBar: false)
    #expect(meter.line(at: 1, style).hasSuffix("with a long note on it"))
  }
}
