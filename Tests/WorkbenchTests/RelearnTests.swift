// `relearn` on a tiny model, and its curve.
import Attacks
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Workbench

@Suite(.serialized) struct RelearnTests {
  static func tuning(_ mode: Relearning.Mode) -> Relearning {
    var tuning = Relearning()
    (tuning.mode, tuning.checkpoints, tuning.training.steps) = (mode, [2, 4, 8], 4)
    (tuning.pictures, tuning.pictureSteps, tuning.training.batch) = (3, 2, 2)
    tuning.training.learningRate = 1e-3
    return tuning
  }

  @Test(arguments: Relearning.Mode.allCases) func curve(_ mode: Relearning.Mode) throws {
    try Fixtures.temporaryFolder { folder in
      let model = try WorkflowTests.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(
        WorkflowTests.job(model, "uce", "fox"), settings: [], exports: false)
      let increment = try erase(in: run, on: .cpu)
      var relearn = try Relearn(erase.job, Self.tuning(mode), WorkflowTests.options, prompts: 2)
      relearn.seeds = 2
      let curve = try relearn(in: run, increment: increment, on: .cpu)
      // Two sets, two seeds; the checkpoint beyond the last step is left out.
      #expect(curve.points.count == 2 * 2 * 3)
      #expect(Set(curve.points.map(\.step)) == [0, 2, 4])
      // Before the first step both fine-tunings are the same model.
      for value in [\Relearn.Point.concept, \.related, \.unrelated] {
        #expect(curve.mean("concept", 0, value).value == curve.mean("benign", 0, value).value)
      }
      // Training on the concept lowers its loss on pictures it did not see.
      #expect(
        curve.mean("concept", 4, \.concept).value < curve.mean("concept", 0, \.concept).value)
      let page = try String(contentsOf: run.file("relearn/report.html"), encoding: .utf8)
      #expect(page.contains("class=\"band\"") && page.contains("loss on related subjects"))
      // Done points are kept; other options are another curve.
      #expect(try relearn(in: run, increment: increment, on: .cpu).points == curve.points)
      var other = Self.tuning(mode)
      other.training.learningRate = 1e-2
      let second = try Relearn(erase.job, other, WorkflowTests.options, prompts: 2)
      #expect(throws: ConfigurationError.self) {
        try second(in: run, increment: increment, on: .cpu)
      }
    }
  }

  /// The model given stays as it is; a LoRA changes attention matrices by at most its rank and nothing else.
  @Test func whatFineTuningChanges() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let set = LatentSet(
      Tensor.randn([3, 4, 8, 8], Generator(seed: 1)), captions: ["a fox", "a fox", "a fox"])
    let before = model.hash()
    var full = try FineTuning(model, on: set, Self.tuning(.full), seed: 1)
    #expect(full.model.hash() == before)
    try full.advance(to: 2)
    #expect(full.model.hash() != before && model.hash() == before)
    var tuning = Self.tuning(.lora)
    tuning.rank = 1
    var lora = try FineTuning(model, on: set, tuning, seed: 1)
    try lora.advance(to: 3)
    #expect(model.hash() == before)
    var changed = 0
    for (path, tensor) in lora.model.parameters.tensors {
      let old = try #require(model.parameters[path])
      guard tensor.distance(to: old) > 0 else { continue }
      changed += 1
      #expect(path.components.contains { $0 == "attn1" || $0 == "attn2" })
      let values = (tensor - old).to(.float64).singularValues().doubles
      #expect(values[1] < 1e-4 * values[0])
    }
    #expect(changed > 0)
    // In two parts or in one: the same steps.
    var whole = try FineTuning(model, on: set, Self.tuning(.full), seed: 1)
    try whole.advance(to: 4)
    try full.advance(to: 4)
    #expect(full.model.hash() == whole.model.hash())
  }

  @Test func areaUnderTheCurve() {
    func point(_ step: Int, _ success: Double) -> Relearn.Point {
      .init(
        set: "concept", seed: 0, step: step, success: success, n: 4, concept: 0, related: 0,
        unrelated: 0)
    }
    let curve = RelearningCurve(
      points: [point(0, 0), point(50, 0.5), point(100, 1), point(300, 1)], title: "", method: "",
      mode: "full", quick: false, command: "")
    // 50 * 0.25 + 50 * 0.75 + 200 * 1 over 300
    #expect(abs(curve.area("concept") - 250.0 / 300) < 1e-12)
    #expect(curve.area("benign").isNaN)
    #expect(curve.mean("concept", 50, \.success).error == 0)
  }
}
