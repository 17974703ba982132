// The verdict of the guard on a training, and the weights that are kept where it stops one.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct TrainedMethodTests {
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

  /// Another tool's name of a selection is told with Lethe's own and the number of its tensors.
  @Test(arguments: ["x", "xattn"]) func anotherToolsNameIsTold(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var esd = Self.esd(steps: 1, limit: 0)
    esd.parameters = name
    let count = ParameterSelection.crossAttention.paths(of: model.parameters).count
    let notes = Notes()
    let erased = try Fixtures.temporaryFolder { folder in
      let run = try Run(folder, seed: 1)
      run.onNote = { notes.all.append($0) }
      return try esd.erase(Self.erasure, from: model, run)
    }
    #expect(erased.vector.paths.count == count)
    let told = "parameters=x is another tool's name of 'xattn', \(count) tensors"
    #expect(notes.all.contains(told) == (name == "x"), "\(notes.all)")
  }

  private final class Notes { var all: [String] = [] }

  /// A training that the guard stops gives the bits of one that ends at the last check within the limit.
  @Test func aStoppedTrainingIsThatOfTheLastGoodStep() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let (whole, checks) = try Self.erase(Self.esd(steps: 25, limit: 1e9), model)
    #expect(whole.verdict == .keptWhole && whole.verdict.warning == nil)
    let drifts = try checks.map { try #require($0["drift"]?.number) }
    // The first check that is beyond all before it, so that a limit between them stops there.
    let i = try #require((1..<drifts.count).first { drifts[$0] > drifts[..<$0].max() ?? 0 })
    let limit = ((drifts[..<i].max() ?? 0) + drifts[i]) / 2

    let (stopped, events) = try Self.erase(Self.esd(steps: 25, limit: limit), model)
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
  @Test(arguments: [2, 5]) func aStoppedTrainingGoesOnAlike(_ saveEvery: Int) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let (_, checks) = try Self.erase(Self.esd(steps: 25, limit: 1e9), model)
    let drifts = try checks.map { try #require($0["drift"]?.number) }
    let i = try #require((2..<drifts.count).first { drifts[$0] > drifts[..<$0].max() ?? 0 })
    var esd = Self.esd(steps: 25, limit: ((drifts[..<i].max() ?? 0) + drifts[i]) / 2)
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

  /// The checked weights are those that are kept, here an average that has hardly moved, and the last step is checked
  /// whatever its number.
  @Test(arguments: [0, 0.9]) func keptWeightsAreChecked(_ averaging: Double) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var esd = Self.esd(steps: 8, limit: 1e9)
    (esd.training.averaging, esd.training.averagingWarmup) = (averaging, false)
    let (erased, checks) = try Self.erase(esd, model)
    #expect(checks.map { $0["step"]?.int } == [5, 8])
    func drift(_ vector: ParameterVector) throws -> Double {
      try Fixtures.temporaryFolder { folder in
        let watch = try #require(try esd.watch(Self.erasure, model, Run(folder, seed: 1)))
        return try watch.drift(model.applying(vector))
      }
    }
    let last = try #require(checks.last?["drift"]?.number)
    #expect(abs(try drift(erased.vector) / last - 1) < 1e-3)
    (esd.training.steps, esd.training.averaging) = (8, 0)
    let raw = try drift(Self.erase(esd, model).0.vector)
    #expect(averaging == 0 ? abs(raw / last - 1) < 1e-3 : raw > 2 * last, "\(raw) \(last)")
  }

  /// A training that goes wrong after its last regular check is stopped by the look after the last step.
  @Test func theLastStepIsChecked() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let (_, checks) = try Self.erase(Self.esd(steps: 8, limit: 1e9), model)
    let drifts = try checks.map { try #require($0["drift"]?.number) }
    #expect(drifts.count == 2 && drifts[1] > drifts[0])
    let limit = (drifts[0] + drifts[1]) / 2
    let (stopped, _) = try Self.erase(Self.esd(steps: 8, limit: limit), model)
    #expect(
      stopped.verdict == .stopped(.init(step: 8, kept: 5, drift: drifts[1], limit: limit)))
    let (short, _) = try Self.erase(Self.esd(steps: 5, limit: 1e9), model)
    #expect((short.vector - stopped.vector).norm == 0)
    // A check that is due at the last step is made once.
    let (_, once) = try Self.erase(Self.esd(steps: 10, limit: 1e9), model)
    #expect(once.map { $0["step"]?.int } == [5, 10])
  }

  /// Without prompts to preserve the guard watches others than the empty one: siblings in the concept's own captions,
  /// other classes, or categories of COCO, never the concept.
  @Test func nearPromptsAreWatched() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    func near(_ erasure: Erasure, _ model: DiffusionModel, _ count: Int = 6) -> [String] {
      erasure.near(in: model, count: count, Generator(seed: 1))
    }
    let words = near(Erasure(forget: [Concept("dog")]), model)
    #expect(words.count == 6 && words[0].isEmpty && Set(words).count == 6)
    #expect(words.dropFirst().allSatisfy { KnownSubjects.everyday.contains($0) && $0 != "dog" })
    var fox = Concept(
      "fox", phrases: [.init("a noto emoji of a fox", words: "fox", anchor: "a noto emoji")])
    fox.siblings = ["owl", "cat", "fox"]
    #expect(
      Set(near(Erasure(forget: [fox]), model))
        == ["", "a noto emoji of an owl", "a noto emoji of a cat"])
    #expect(near(Erasure(forget: [fox]), model, 2).count == 2)
    let classes = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    #expect(Set(near(Erasure(forget: [Concept("bird")]), classes)) == ["", "bear", "cat"])
    let none = try DiffusionModel.load(Fixtures.url("tiny-ddpm-flat"))
    #expect(near(Erasure(forget: [Concept("those pictures")]), none) == [""])
    // The guard of a method takes them.
    try Fixtures.temporaryFolder { folder in
      var esd = Self.esd(steps: 1, limit: 1)
      esd.guarding.prompts = 3
      let watch = try #require(
        try esd.watch(Erasure(forget: [fox]), model, Run(folder, seed: 1)))
      #expect(watch.prompts.count == 3 && watch.prompts.contains("a noto emoji of a cat"))
    }
  }

  /// Concepts of one kind give the watched prompts in turn, those of other kinds the prompts of their own siblings, and
  /// concepts without siblings take turns too.
  @Test func nearPromptsOfSeveralConcepts() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    func concept(_ name: String, _ style: String, _ siblings: [String]) -> Concept {
      var concept = Concept(
        name, phrases: [.init("a \(style) of a \(name)", words: name, anchor: "a \(style)")])
      concept.siblings = siblings
      return concept
    }
    func near(_ concepts: [Concept], _ count: Int) -> [String: Int] {
      let prompts = Erasure(forget: concepts).near(in: model, count: count, Generator(seed: 1))
      #expect(prompts.count == count && Set(prompts).count == count, "\(prompts)")
      return ["photo", "sketch", "print"].reduce(into: [:]) { counts, style in
        counts[style] = prompts.count { $0.hasPrefix("a \(style) of ") }
      }
    }
    let animals = ["cat", "dog", "frog", "lion", "tiger", "rabbit"]
    let (fox, wolf) = (concept("fox", "photo", animals), concept("wolf", "sketch", animals))
    #expect(near([fox, wolf], 7) == ["photo": 3, "sketch": 3, "print": 0])
    #expect(near([wolf, fox], 6) == ["photo": 2, "sketch": 3, "print": 0])
    let bus = concept("bus", "print", ["car"])
    #expect(near([fox, wolf, bus], 8) == ["photo": 3, "sketch": 3, "print": 1])
    let words = [concept("fox", "photo", []), concept("bus", "print", [])]
    #expect(near(words, 5) == ["photo": 2, "sketch": 0, "print": 2])
  }

  @Test func withoutAGoodCheckNothingIsKept() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let (erased, _) = try Self.erase(Self.esd(steps: 25, limit: 1e-9), model)
    guard case .stopped(let stop) = erased.verdict else {
      Issue.record("\(erased.verdict)")
      return
    }
    #expect(stop.step == 5 && stop.kept == 0 && erased.vector.norm == 0)
    let warning = try #require(erased.verdict.warning)
    #expect(warning.hasPrefix("stopped at step 5: ") && warning.contains("the training began with"))
  }
}
