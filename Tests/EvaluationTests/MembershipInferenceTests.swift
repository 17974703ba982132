import Diffusion
import Editing
import Evaluation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@Suite struct MembershipInferenceTests {
  /// Pairs counted by hand; a tie is half a win.
  @Test func areaCountsPairs() throws {
    func area(_ a: [Double], _ b: [Double]) -> Double {
      MembershipInference.area(members: a, others: b).value
    }
    #expect(area([3, 2], [1, 2.5]) == 0.75)
    #expect(area([1, 1], [1, 1]) == 0.5)
    #expect(area([2, 3], [0, 1]) == 1)
    // Hanley & McNeil (1982), eq. 1, for A = 0.75 and two of each.
    let m = MembershipInference.area(members: [3, 2], others: [1, 2.5])
    let (q1, q2) = (0.75 / 1.25, 2 * 0.75 * 0.75 / 1.75)
    let variance = (0.75 * 0.25 + (q1 - 0.5625) + (q2 - 0.5625)) / 4
    let interval = try #require(m.interval)
    #expect(m.n == 4 && interval.kind == .hanleyMcNeil95)
    #expect(abs(interval.lower - max(0, 0.75 - 1.959964 * variance.squareRoot())) < 1e-12)
  }

  /// A model that memorized two pictures scores them higher than others. Scores do not depend on the batch size.
  @Test func trainingShows() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let pictures = (Tensor.rand([8, 1, 8, 8], Generator(seed: 3)) * 2 - 1).clamped(-1, 1)
    let set = LatentSet(pictures, captions: Array(repeating: "cat", count: 8))
    let members = LatentSet(pictures.narrowed(0, 0, 4), captions: Array(set.captions.prefix(4)))
    let others = LatentSet(pictures.narrowed(0, 4, 4), captions: Array(set.captions.prefix(4)))
    let student = try model.clone { _ in true }
    let tensors = student.parameters.paths.compactMap { student.parameters[$0] }
    for tensor in tensors { tensor.requiresGradient = true }
    var training = Training()
    (training.steps, training.learningRate) = (250, 3e-3)
    let loss = Denoising(members, student, batch: 8)
    try Fixtures.temporaryFolder { folder in
      _ = try TrainingLoop("heart", training, Run(folder)).fit(tensors) { step in
        descend(try loss.loss(student, &step), tensors)
      }
    }
    for tensor in tensors { tensor.requiresGradient = false }
    var attack = MembershipInference()
    attack.times = 20
    let area = MembershipInference.area(
      members: attack.scores(student, members), others: attack.scores(student, others))
    #expect(area.value > 0.8)
    let scores = attack.scores(student, set)
    attack.batch = 3
    for (a, b) in zip(scores, attack.scores(student, set)) { #expect(abs(a - b) < 1e-5) }
  }
}
