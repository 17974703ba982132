// Today's code reads the files that version 0.1 wrote. scripts/golden/version-0.1.sh made them.
import Attacks
import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Workbench
@testable import Workflows

@Suite struct Version01Tests {
  static let folder = Fixtures.url("version-0.1")
  static func file(_ name: String) -> URL { folder.appendingPathComponent(name) }

  /// The options that the run was started with.
  static let settings = [
    "training.steps=4", "training.learningRate=0.01", "walks=2", "walkSteps=4", "preserveWalks=2",
    "guarding.every=2",
  ]
  static var options: EvaluationOptions {
    var options = EvaluationOptions.quickly
    (options.sampling.steps, options.sampling.guidance) = (2, 4)
    return options
  }

  /// A copy of the run with its model beside it. The job has the model's path in the copy.
  private func copy(to folder: URL) throws -> (run: Run, job: EraseJob) {
    Runtime.threads = 1
    let model = folder.appendingPathComponent("tiny")
    try FileManager.default.copyItem(at: Fixtures.url("tiny-sd1"), to: model)
    for name in ["themes.json", "judge"] {
      try FileManager.default.copyItem(
        at: Self.file(name), to: model.appendingPathComponent(name))
    }
    let place = folder.appendingPathComponent("run")
    try FileManager.default.copyItem(at: Self.file("run"), to: place)
    let file = place.appendingPathComponent("job.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    let moved = text.replacingOccurrences(
      of: "\"model\" : \"tiny\"", with: "\"model\" : \"\(model.path)\"")
    try Data(moved.utf8).write(to: file)
    let run = try Run(place)
    return (run, try JSON(contentsOf: file).decoded())
  }

  @Test func eraserFile() throws {
    Runtime.threads = 1
    let eraser = try Eraser(contentsOf: Self.file("run/increment.safetensors"))
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    #expect(eraser.card.method == "esd" && eraser.card.concepts == ["fox"])
    #expect(eraser.card.version == "0.1.0" && eraser.card.base == model.hash())
    #expect(eraser.card.options["training"]?["learningRate"]?.number == 0.01)
    // The eraser gives the picture that version 0.1 drew with it, which differs from the base's.
    var sampling = SamplingOptions()
    sampling.steps = 4
    let old = try Image.batch([PNG.read(Self.file("picture.png"))])
    func distance(_ model: DiffusionModel) throws -> Double {
      try Image.batch(model.images(["a fox"], seeds: [7], sampling)).distance(to: old) * 127.5
    }
    // Versions of libtorch may round differently.
    #expect(try distance(model.applying([eraser])) <= 2)
    #expect(try distance(model) > 2)
  }

  @Test func setOfErasers() throws {
    let set = try EraserSet(Self.file("set"))
    #expect(set.card.entries.map(\.name) == ["fox", "cat"] && set.card.protected == ["an owl"])
    #expect(try set.active() == ["fox"])
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try set.checkBase(model)
    for name in ["fox", "cat"] {
      let eraser = try set.eraser(name)
      #expect(eraser.factors != nil && eraser.vector.norm > 0)
    }
    #expect(try model.applying(set.vector(["fox", "cat"])).hash() != model.hash())
    let check = try SeparationCheck(set, model, limit: 0.05)
    #expect(check.failures.isEmpty && check.rows.contains { $0.isKnown })
  }

  /// The same command finds its run finished.
  @Test func runGoesOn() throws {
    try Fixtures.temporaryFolder { folder in
      let (run, old) = try copy(to: folder)
      var job = EraseJob()
      (job.model, job.method, job.concepts) = (old.model, "esd", ["fox"])
      (job.preserve, job.seed) = (["others"], 1)
      let events = run.events()
      let before = try Data(contentsOf: run.file("increment.safetensors"))
      let erase = try Erase(job, settings: Self.settings)
      let (eraser, verdict) = try erase(in: run, on: .cpu)
      #expect(verdict == .keptWhole)
      #expect(eraser.vector.norm > 0 && run.events() == events && events.count == 4)
      #expect(try Data(contentsOf: run.file("increment.safetensors")) == before)
      // Another job is refused.
      job.seed = 2
      #expect(throws: LetheError.self) {
        try Erase(job, settings: Self.settings)(in: run, on: .cpu)
      }

      // Attacked prompts are not attacked again, and a complete curve stays as it is.
      let names = ["none", "random"]
      let attacks = try names.map {
        try AttackRun.configured($0, settings: $0 == "random" ? ["attempts=2"] : [], of: job.folder)
      }
      let attack = try AttackRun(old, attacks, Self.options, limit: 2)
      let logs = names.map { run.events("attack/\($0).jsonl") }
      try attack(in: run, eraser: eraser, on: .cpu)
      #expect(names.map { run.events("attack/\($0).jsonl") } == logs)
      #expect(logs.allSatisfy { $0.count == 2 })
      let tuning = try AttackRun.configured(
        Relearning.name,
        settings: [
          "checkpoints=[1,2]", "pictures=2", "pictureSteps=2", "training.batch=2",
          "training.steps=2",
        ], of: job.folder)
      var options = EvaluationOptions()
      (options.quick, options.sampling) = (true, Self.options.sampling)
      var relearn = try Relearn(
        old, try #require(tuning as? Relearning), options, prompts: 2)
      relearn.seeds = 1
      let curve = try relearn(in: run, eraser: eraser, on: .cpu)
      #expect(curve.rows.compactMap(\.axes.step).unique == [0, 1, 2])
      #expect(run.events("relearn/curve.jsonl").count == 6)
    }
  }

  @Test func results() throws {
    let results: Results = try JSON(contentsOf: Self.file("run/results.json")).decoded()
    #expect(results.quick && Set(results.rows.map(\.method)) == ["original", "esd"])
    let ua = try #require(results.rows.first { $0.metric == "ua" && $0.method == "esd" })
    #expect(ua.subject == "fox" && ua.n == 6)
    let attacked: Results = try JSON(contentsOf: Self.file("run/attack/results.json")).decoded()
    #expect(attacked.rows.contains { $0.method == "random" && $0.metric == "asr" && $0.n == 2 })
  }

  /// Version 0.1 had the attack, or set and step, in the label of a benchmark's row.
  @Test(arguments: [
    ("robustness", "uce under random", "fox", "asr"),
    ("relearning", "uce meta", "benign, 2 steps", "success"),
  ]) func benches(_ name: String, _ method: String, _ subject: String, _ metric: String) throws {
    let json: JSON = try JSON(contentsOf: Self.file("bench-\(name)/results.json"))
    let rows = try #require(json["rows"]).decoded(as: [ResultRow].self)
    let row = try #require(
      rows.first { $0.method == method && $0.subject == subject && $0.metric == metric })
    #expect(row.n == 2 && (0...1).contains(row.value))
  }
}
