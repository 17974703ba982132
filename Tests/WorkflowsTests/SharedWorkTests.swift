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
  private static func run(_ folder: URL, _ ranks: Ranks) throws -> Run {
    let run = try Run(folder)
    run.ranks = ranks
    return run
  }

  /// Runs a command with one process and with several, and compares the folders.
  private func compare(
    _ folder: URL, _ counts: [Int], _ command: @escaping @Sendable (URL, Ranks) throws -> Void
  ) throws {
    let (found, files) = try SharedFolders.differences(below: folder, counts, command)
    #expect(files > 0)
    for difference in found { Issue.record("\(difference)") }
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
