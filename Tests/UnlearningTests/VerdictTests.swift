// What the guard of a training says, and what is kept where it stops one.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite(.serialized) struct VerdictTests {
  static let erasure = MethodContractTests.erasure

  static func esd(steps: Int, limit: Double) -> ESD {
    var esd = ESD()
    (esd.trajectorySteps, esd.trajectories, esd.parameters) = (5, 2, "full")
    (esd.preserveWeight, esd.training.averaging) = (0, 0.5)
    (esd.training.steps, esd.training.learningRate) = (steps, 0.003)
    (esd.guarding.every, esd.guarding.limit) = (5, limit)
    return esd
  }

  static func erase(_ esd: ESD, _ model: DiffusionModel) throws -> (Erased, [JSON]) {
    Runtime.threads = 1
    return try Fixtures.temporaryFolder { folder in
      let run = try Run(folder, seed: 1)
      return (
        try esd.erase(erasure, from: model, run),
        run.events().filter { $0["stage"]?.string == "guard" }
      )
    }
  }

  /// A training that the guard stops gives the bits of one that ends at the last check within the limit.
  @Test func aStoppedTrainingIsThatOfTheLastGoodStep() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let (whole, checks) = try Self.erase(Self.esd(steps: 40, limit: 1e9), model)
    #expect(whole.verdict == .keptWhole && whole.verdict.warning == nil)
    let drifts = try checks.map { try #require($0["drift"]?.number) }
    // The first check that is beyond all before it, so that a limit between them stops there.
    let i = try #require((1..<drifts.count).first { drifts[$0] > drifts[..<$0].max() ?? 0 })
    let limit = ((drifts[..<i].max() ?? 0) + drifts[i]) / 2

    let (stopped, events) = try Self.erase(Self.esd(steps: 40, limit: limit), model)
    let stop = Verdict.Stop(step: 5 * (i + 1), kept: 5 * i, drift: drifts[i], limit: limit)
    #expect(stopped.verdict == .stopped(stop))
    #expect(events.count == i + 2)
    #expect(events.last?["message"]?.string == stopped.verdict.warning)
    #expect(events.last?["step"]?.int == stop.step)
    let (short, _) = try Self.erase(Self.esd(steps: stop.kept, limit: 1e9), model)
    #expect(short.vector.norm > 0 && (short.vector - stopped.vector).norm == 0)
    #expect((whole.vector - stopped.vector).norm > 0)
  }

  /// A training that was killed between its last good check and the one that stops it ends with the same eraser, the
  /// same verdict and the same log.
  @Test(arguments: [2, 5, 7]) func aStoppedTrainingGoesOnAlike(_ saveEvery: Int) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let (_, checks) = try Self.erase(Self.esd(steps: 40, limit: 1e9), model)
    let drifts = try checks.map { try #require($0["drift"]?.number) }
    let i = try #require((2..<drifts.count).first { drifts[$0] > drifts[..<$0].max() ?? 0 })
    var esd = Self.esd(steps: 40, limit: ((drifts[..<i].max() ?? 0) + drifts[i]) / 2)
    (esd.training.saveEvery, esd.training.logEvery) = (saveEvery, 1)
    try Fixtures.temporaryFolder { folder in
      let cut = folder.appendingPathComponent("cut")
      func erase(_ name: String, cutting: Bool) throws -> (Erased, [JSON]) {
        let run = try Run(folder.appendingPathComponent(name), seed: 1)
        run.onProgress = { p in
          guard cutting, p.stage == "esd", p.done == 5 * (i + 1) else { return }
          try? FileManager.default.copyItem(at: run.folder, to: cut)
        }
        let erased = try esd.erase(Self.erasure, from: model, run)
        #expect(!FileManager.default.fileExists(atPath: run.file("esd.good.safetensors").path))
        return (
          erased,
          run.events().map { event in
            var event = event
            event["seconds"] = nil
            return event
          }
        )
      }
      let (whole, log) = try erase("whole", cutting: true)
      #expect(FileManager.default.fileExists(atPath: cut.path))
      let (resumed, other) = try erase("cut", cutting: false)
      #expect(resumed.verdict == whole.verdict && whole.verdict != .keptWhole)
      #expect((resumed.vector - whole.vector).norm == 0)
      func sorted(_ log: [JSON]) -> [String] {
        log.filter { $0["stage"]?.string != "cost" }.map(\.compact).sorted()
      }
      #expect(sorted(other) == sorted(log))
    }
  }

  @Test func withoutAGoodCheckNothingIsKept() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let (erased, _) = try Self.erase(Self.esd(steps: 40, limit: 1e-9), model)
    guard case .stopped(let stop) = erased.verdict else {
      Issue.record("\(erased.verdict)")
      return
    }
    #expect(stop.step == 5 && stop.kept == 0 && erased.vector.norm == 0)
    let warning = try #require(erased.verdict.warning)
    #expect(warning.hasPrefix("stopped at step 5: ") && warning.contains("changes nothing"))
  }

  @Test func verdictsComeBack() throws {
    for verdict in [
      Verdict.keptWhole, .stopped(.init(step: 10, kept: 5, drift: 0.7, limit: 0.5)),
      .stopped(.init(step: 10, kept: 5, drift: .nan, limit: 0.5)),
    ] {
      #expect(try JSON(encoding: verdict).decoded() == verdict)
    }
  }
}
