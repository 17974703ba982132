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
    #expect(AuditEstimate(size, [], nil, sampling).evaluations == (8 + 2 * 6) * 6)
    sampling.guidance = 1
    #expect(AuditEstimate(size, [], nil, sampling).evaluations == (8 + 2 * 6) * 3)
    // Four steps of fine-tuning with a batch of 5 count three times each; 2 prompts are drawn at 4 checkpoints.
    var tuning = Relearning()
    tuning.training.batch = 5
    (size.relearning, size.relearned, size.repetitions) = (4, 2, 3)
    #expect(
      AuditEstimate(size, [], tuning, sampling).evaluations == 20 * 3 + 3 * (3 * 4 * 5 + 4 * 2 * 3))
  }

  /// An audit of seconds does not take "0.0 hours".
  @Test func hoursInWords() {
    #expect(
      [20, 61, 5400, 7200].map(AuditEstimate.words) == [
        "1 minute", "2 minutes", "90 minutes", "2.0 hours",
      ])
  }

  /// A dry run counts pictures, hours and memory, writes nothing, and finds a judge that cannot be opened.
  @Test func aPlanInWords() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      let job = Tiny.job(model, "uce", "fox")
      var size = AuditTests.size
      size.settings.append("relearn.mode=full")
      let plan = try Audit(job, judges: [AuditTests.judge], size).plan(on: .cpu) { _ in }
      #expect(
        plan[0].hasPrefix("pictures: 4 for the concept (4 more prompts are held out) and 6 of"))
      #expect(
        plan[1].hasPrefix("judge: \(AuditTests.judge); it is first measured on"), "\(plan[1])")
      #expect(plan.contains { $0.hasPrefix("time: at most") && $0.contains(" U-Net evaluations") })
      let network = try model.model()
      let unet = network.parameters.tensors.filter { $0.key.name.hasPrefix("unet.") }
        .map(\.value.count).reduce(0, +)
      #expect(plan.contains { $0.contains("the U-Net's \(unet) numbers four times") }, "\(plan)")
      #expect(throws: LetheError.self) {
        try Audit(job, judges: [JudgeSpec("clip", folder.path)], size).plan(on: .cpu) { _ in }
      }
    }
  }
}
