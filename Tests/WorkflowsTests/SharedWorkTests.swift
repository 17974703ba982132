// Commands that several ranks share write what one process writes, byte for byte, but for times.
import Attacks
import Diffusion
import Editing
import Evaluation
import Foundation
import Processes
import TestSupport
import Testing
import Torch
import Training
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct SharedWorkTests {
  /// The files of a folder by their path, without pages and without what tells the time.
  private static func files(_ folder: URL) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      let file = folder.appendingPathComponent(name)
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
      guard !isFolder.boolValue, !name.hasSuffix(".html"), !name.hasSuffix(".md") else { continue }
      let data = try Data(contentsOf: file)
      if name.hasSuffix("results.json") {
        var results: Results = try Checked(contentsOf: file).decoded()
        results.rows.removeAll { $0.metric == "seconds" }
        results.origin?.date = ""
        found[name] = Data(try JSON(encoding: results).pretty.utf8)
      } else if name.hasSuffix(".jsonl") {
        let text = String(decoding: data, as: UTF8.self)
          .replacing(#/"seconds":[^,}]*/#, with: "time")
        found[name] = Data(text.utf8)
      } else {
        found[name] = data
      }
    }
    return found
  }

  private static func run(_ folder: URL, _ ranks: Ranks) throws -> Run {
    let run = try Run(folder)
    run.ranks = ranks
    return run
  }

  /// Runs a command with one process and with several, and compares the folders.
  private func compare(
    _ folder: URL, _ counts: [Int], _ command: @escaping @Sendable (URL, Ranks) throws -> Void
  ) throws {
    let one = folder.appendingPathComponent("out1")
    try command(one, .alone)
    let expected = try Self.files(one)
    #expect(!expected.isEmpty)
    for count in counts {
      let several = folder.appendingPathComponent("out\(count)")
      _ = try RanksInThreads.run(count) { try command(several, $0) }
      let found = try Self.files(several)
      #expect(found.keys.sorted() == expected.keys.sorted())
      for (name, data) in expected where found[name] != data {
        Issue.record(
          "\(name): \(String(decoding: data.prefix(3000), as: UTF8.self)) / \(String(decoding: found[name]?.prefix(3000) ?? Data(), as: UTF8.self))"
        )
      }
    }
  }

  @Test func picturesAreThoseOfOneProcess() throws {
    try Fixtures.temporaryFolder { folder in
      try compare(folder, [2, 3]) { out, ranks in
        let samples = (0..<5).map {
          SampleSet.Sample("\($0)", 0, prompt: "a fox", seed: UInt64($0))
        }
        var sampling = SamplingOptions()
        sampling.steps = 2
        let generate = Generate(
          ModelReference(Fixtures.url("tiny-sd1").path), sampling, samples, batch: 2)
        _ = try generate(in: Self.run(out, ranks), on: .cpu)
      }
    }
  }

  /// Erases once, then evaluates, attacks and relearns with one process and with two.
  @Test func measurementsAreThoseOfOneProcess() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let erased = folder.appendingPathComponent("erased")
      let erase = try Erase(Tiny.job(model, "esd", "fox"), settings: Tiny.esd)
      _ = try erase(in: Run(erased), on: .cpu)
      let job = erase.job
      let eraser = try Data(contentsOf: RunFolder(erased).eraserFile)
      let stored = try Data(contentsOf: erased.appendingPathComponent("job.json"))
      try compare(folder, [2]) { out, ranks in
        let run = try Self.run(out, ranks)
        if ranks.isFirst {
          try eraser.write(to: out.appendingPathComponent("eraser.safetensors"))
          try stored.write(to: out.appendingPathComponent("job.json"))
        }
        try ranks.meet()
        let own = try run.runFolder.eraser()
        var options = Tiny.evaluation
        options.batch = 3
        _ = try Evaluate(job, options)(in: run, eraser: own, on: .cpu)
        let settings = [
          "unlearndiff.times=2", "unlearndiff.steps=2", "random.attempts=2", "seeds.attempts=2",
          "ringabell.population=8", "ringabell.generations=2", "text.attempts=1", "text.steps=2",
        ]
        let attacks = try ["random", "unlearndiff", "seeds", "ringabell", "text"].map {
          try AttackRun.configured(
            $0, [NamedSettings(settings).of($0)],
            of: job.folder)
        }
        options.batch = 2
        _ = try AttackRun(job, attacks, options)(in: run, eraser: own, on: .cpu)
        var relearn = try Relearn(job, RelearnTests.tuning(.full), options, prompts: 2)
        (relearn.seeds, relearn.unseen) = (2, 3)
        _ = try relearn(in: run, eraser: own, on: .cpu)
      }
    }
  }
}
