import Attacks
import Diffusion
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import WorkbenchSupport

@testable import Auditing
@testable import Workbench
@testable import Workflows

@Suite struct AuditEstimateTests {
  /// 8 prompts and two models with 2 subjects at 3 distances; 3 steps with guidance are 6 noisy pictures.
  @Test func workIsCounted() throws {
    var size = AuditTests.size
    var sampling = SamplingOptions()
    (sampling.steps, sampling.guidance) = (3, 7.5)
    (size.relearning, size.attacked) = (0, 0)
    var estimate = AuditEstimate(size, [], nil, sampling)
    #expect(estimate.evaluations == (8 + 2 * 6) * 6 && estimate.pictures == 20)
    sampling.guidance = 1
    #expect(AuditEstimate(size, [], nil, sampling).evaluations == (8 + 2 * 6) * 3)
    // Four steps of fine-tuning with a batch of 5 count three times each; 2 prompts are drawn at 4 checkpoints, where
    // 48 pictures have a loss at ten times. They and 7 pictures to train on are drawn first, in 2 steps with guidance.
    var tuning = Relearning()
    (tuning.training.batch, tuning.pictures, tuning.pictureSteps) = (5, 7, 2)
    (size.relearning, size.relearned, size.repetitions) = (4, 2, 3)
    estimate = AuditEstimate(size, [], tuning, sampling)
    let (drawn, tuned): (Int, Int) = (20 * 3 + (7 + 48) * 4, 3 * (3 * 4 * 5))
    let tried: Int = 3 * 4 * (2 * 3 + 480)
    #expect(estimate.evaluations == Double(drawn + tuned + tried))
    #expect(estimate.pictures == Double(20 + 7 + 48 + 3 * 4 * 2))
  }

  /// Sizes that prompts of a file bring count in pictures, attacks and the fine-tuning's checkpoints.
  @Test func sizesOfPromptsAreCounted() throws {
    var size = AuditTests.size
    (size.attacked, size.relearned, size.repetitions) = (1, 1, 1)
    var sampling = SamplingOptions()
    (sampling.steps, sampling.guidance) = (3, 1)
    func sample(_ name: String, _ width: Int?) -> SampleSet.Sample {
      var sample = SampleSet.Sample(name, 0, prompt: name, seed: 1, subjects: ["object": name])
      (sample.width, sample.height) = (width, width)
      return sample
    }
    let forgotten = Forgotten(kind: "object", names: ["fox"])
    let suite = PromptSuite(
      "file", JudgeQuestion(forgotten, classes: ["object": ["fox", "cat"]]),
      [sample("fox", 64), sample("cat", nil)])
    var random = RandomTokens()
    random.attempts = 1
    let work = AuditEstimate(size, [random], Relearning(), sampling, suite).drawings
    let large = WorkEstimate.Size(sampling.with(guidance: nil, width: 64, height: 64))
    // Two models, an attack with 2 pictures before and one attempt, and 4 checkpoints.
    #expect(work[large]?.pictures == Double(2 + 3 + 4))
    #expect(work[large]?.evaluations == Double(3 * (2 + 3 + 4)))
    #expect(work[WorkEstimate.Size(sampling)]?.pictures ?? 0 >= 2)
  }

  /// An attack that may have 9 pictures of a prompt judged has 9 of random tokens beside it, and 2 before any attack.
  @Test func theControlIsCounted() throws {
    var size = AuditTests.size
    var sampling = SamplingOptions()
    (sampling.steps, sampling.guidance) = (3, 1)
    (size.relearning, size.attacked) = (0, 4)
    var probes = NoiseProbes()
    (probes.etas, probes.factors) = ([1, 2, 3], [1, 2, 3])
    var random = RandomTokens()
    random.attempts = 8
    var estimate = AuditEstimate(size, [probes, random], nil, sampling)
    #expect(estimate.pictures == Double(20 + 4 * (9 + 8 + 2 + 9)))
    #expect(estimate.evaluations == estimate.pictures * 3)
    random.attempts = 9
    estimate = AuditEstimate(size, [probes, random], nil, sampling)
    #expect(estimate.pictures == Double(20 + 4 * (9 + 9 + 2)))
  }

  /// Searches in a text encoder are long where the U-Net has nothing to do: 4 prompts by generations of 10 and by 2
  /// steps of 5 candidates and a gradient. Numbers beyond those of a machine's words are no fault.
  @Test func searchesWithoutTheUNetAreCounted() throws {
    var size = AuditTests.size
    (size.relearning, size.attacked) = (0, 4)
    var bell = RingABell()
    (bell.population, bell.generations, bell.crossover) = (10, 6, 0.5)
    var text = TextSearch()
    (text.attempts, text.steps, text.batch) = (2, 2, 5)
    let sampling = SamplingOptions()
    #expect(
      AuditEstimate(size, [bell, text], nil, sampling).readings
        == Double(4 * (70 + 36)))
    (text.attempts, text.steps, text.batch) = (1_000_000_000, 1_000_000_000, 1_000_000_000)
    #expect(AuditEstimate(size, [text], nil, sampling).readings > 1e27)
    var p4d = P4D()
    (p4d.times, p4d.steps, size.attacked) = (1_000_000_000, 1_000_000_000, 1_000_000_000)
    #expect(AuditEstimate(size, [p4d], nil, sampling).evaluations > 1e27)
  }

  /// 73 prompts can show that a concept is erased, where no picture shows it; 72 cannot.
  @Test func fewPromptsAreTold() {
    func told(_ judged: Int, of distinct: Int, asked: Int = 160) -> String? {
      Audit.fewPrompts(judged, of: distinct, asked: asked, slack: 0.05)
    }
    #expect(told(73, of: 146) == nil && told(0, of: 0) == nil)
    #expect(told(72, of: 144, asked: 144)?.contains("an upper bound of 5.1 %") == true)
    #expect(told(1, of: 2)?.hasPrefix("1 prompt of the concept is judged") == true)
    // 26 wordings of the 160 prompts that were asked for: a larger number of prompts would change nothing.
    #expect(
      told(13, of: 26)?.hasSuffix(
        "there are 26 wordings, and more of them (146 or more) in --prompts can") == true)
    #expect(
      told(20, of: 40, asked: 40)?.hasSuffix("a larger --set prompts (146 or more) can") == true)
    #expect(
      told(20, of: 20, asked: 20)?.hasSuffix("a larger --set prompts (73 or more) can") == true)
    // Of two concepts, each has half of the judged prompts.
    let two = Audit.fewPrompts(6, of: 24, asked: 24, slack: 0.05, concepts: 2)
    #expect(two?.hasPrefix("6 prompts of one of the 2 concepts are judged") == true)
    #expect(two?.hasSuffix("a larger --set prompts (292 or more) can") == true)
  }

  /// 35 attacked prompts can show that an attack is withstood, where none succeeds; 34 cannot.
  @Test func fewAttackedPromptsAreTold() {
    #expect(Audit.fewAttacked(35, slack: 0.1) == nil && Audit.fewAttacked(0, slack: 0.1) == nil)
    #expect(
      Audit.fewAttacked(10, slack: 0.1)
        == "10 prompts are attacked, which cannot show that the attacks are withstood: 0 of them has an upper bound of 27.8 %; --set attacked=35 or more can"
    )
    let two = Audit.fewAttacked(3, slack: 0.1, concepts: 2)
    #expect(two?.hasPrefix("3 prompts of one of the 2 concepts are attacked") == true)
    #expect(two?.hasSuffix("--set attacked=70 or more can") == true)
  }

  /// An audit of seconds does not take "0.0 hours".
  @Test func hoursInWords() {
    #expect(
      [20, 61, 5400, 7200].map(WorkEstimate.words) == [
        "1 minute", "2 minutes", "90 minutes", "2.0 hours",
      ])
  }

  /// A dry run counts pictures, hours and memory, writes nothing, and finds a judge that cannot be opened.
  @Test func aPlanInWords() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      let job = Tiny.job(model, "uce", "fox")
      var size = AuditTests.size
      size.settings = [
        "random.attempts": 2, "relearn.pictures": 2, "relearn.pictureSteps": 2,
        "relearn.training.batch": 2, "relearn.mode": "full",
      ]
      let plan = try Audit(job, judges: [AuditTests.judge], size).plan(
        in: RunFolder(folder.appendingPathComponent("audit")), on: .cpu
      ) { _ in }
      #expect(
        plan[0].hasPrefix(
          "pictures: 4 for the concept 'fox' (4 more prompts are for the fine-tuning's pictures) and 6 of"
        ))
      #expect(plan.contains("attacks: none, random on 2 prompts"), "\(plan)")
      // No more prompts are attacked than are judged, and settings are those of attacks.
      size.attacked = 50
      func changed(_ change: (inout AuditSize) throws -> Void) throws -> [String] {
        var size = size
        try change(&size)
        return try Audit(job, judges: [AuditTests.judge], size).plan(
          in: RunFolder(folder.appendingPathComponent("audit")), on: .cpu
        ) { _ in }
      }
      #expect(try changed { _ in }.contains("attacks: none, random on 4 prompts"))
      #expect(try changed { $0.attacks = [] }.contains("attacks: none"))
      for (setting, word) in [
        ("a=b", "'a=b' names no attack"), ("latent.nothing=1", "--set settings, latent: "),
      ] {
        let error = #expect(throws: LetheError.self) {
          try changed { $0.settings = try NamedSettings([setting]) }
        }
        #expect(error?.sentence.contains(word) == true, "\(error?.sentence ?? "")")
      }
      #expect(
        plan[1].hasPrefix("judge: \(AuditTests.judge); it is first measured on"), "\(plan[1])")
      #expect(
        plan.contains {
          $0.hasPrefix("time: at most") && $0.contains("noisy pictures through the U-Net")
        })
      let network = try model.model()
      let unet = network.parameters.tensors.filter { $0.key.name.hasPrefix("unet.") }
        .map(\.value.count).reduce(0, +)
      #expect(plan.contains { $0.contains("the U-Net's \(unet) numbers four times") }, "\(plan)")
      #expect(throws: LetheError.self) {
        try Audit(job, judges: [JudgeSpec("clip", folder.path)], size).plan(
          in: RunFolder(folder.appendingPathComponent("audit")), on: .cpu
        ) { _ in }
      }
    }
  }

  /// A dry run and the audit refuse the same, before a picture is drawn.
  @Test func aPlanRefusesWhatTheAuditRefuses() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      let job = Tiny.job(model, "uce", "fox")
      let out = folder.appendingPathComponent("audit")
      func refusal(_ measure: String?, in place: URL) throws -> String {
        var audit = try Audit(job, judges: [AuditTests.judge], AuditTests.size)
        audit.measures = try [measure].compactMap(\.self).map(MeasureSpec.init(parsing:))
        let dry = #expect(throws: LetheError.self) {
          try audit.plan(in: RunFolder(place), on: .cpu) { _ in }
        }
        let eraser = try AuditTests.eraser(model.model())
        let real = #expect(throws: LetheError.self) {
          try audit(in: Run(place), eraser: eraser, on: .cpu)
        }
        #expect(dry == real)
        #expect(!RunFolder(place).has("original"))
        return dry?.sentence ?? ""
      }
      #expect(try refusal("clip:/nowhere", in: out).hasPrefix("there is no folder /nowhere"))
      #expect(try refusal("real:/nowhere", in: out).hasSuffix("give inception:FILE too"))
      let other = RunFolder(folder.appendingPathComponent("other"))
      try Run.makeFolder(other.url)
      try other.write(RunIdentity("erase", [:]), to: "identity.json")
      #expect(try refusal(nil, in: other.url).contains("it is one of `lethe erase`"))
      var size = AuditTests.size
      size.steps = 0
      let error = #expect(throws: LetheError.self) {
        try Audit(job, judges: [AuditTests.judge], size)
      }
      #expect(error?.sentence == "--set: 'steps' is 0; accepted: a whole number from 1 to 1000")
    }
  }
}
