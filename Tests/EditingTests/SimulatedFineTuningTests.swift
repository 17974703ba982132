import Diffusion
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct SimulatedFineTuningTests {
  /// A step that can be differentiated is as long as the optimizer's own.
  @Test func stepsOfBothOrdersAreEquallyLong() throws {
    let scene = try FineTuningScene.make()
    let paths = ParameterSelection.unet.paths(of: scene.student.parameters)
    func length(_ attack: MetaGradient.Attack, unrolled: Bool) throws -> Double {
      let fineTuning = SimulatedFineTuning(
        attack: attack, learned: scene.learned, tuned: scene.tuned, paths: paths, picturesInPass: 0)
      let before = scene.tuned.map { $0.detached().cloned() }
      defer { withoutGradients { Foreach.copy(scene.tuned, from: before) } }
      var step = Step(index: 0, seed: 0)
      var after = scene.tuned
      if unrolled {
        let model = try withTwiceDifferentiableAttention {
          try fineTuning.unrolled(scene.student, &step)
        }
        after = paths.compactMap { model.parameters[$0] }
      } else {
        try fineTuning.inPlace(scene.student, &step)
      }
      return withoutGradients { Foreach.norm(zip(after, before).map { $0.detached() - $1 }) }
    }
    let count = Double(scene.tuned.map(\.count).reduce(0, +))
    var attack = MetaGradient.Attack()
    attack.steps = 1
    let adam = try length(attack, unrolled: true)
    #expect(abs(adam / (attack.rate * count.squareRoot()) - 1) < 0.01)
    #expect(abs(adam / (try length(attack, unrolled: false)) - 1) < 0.1)
    // Without Adam it is the gradient, clipped or whole.
    (attack.optimizer, attack.rate) = (.init(.sgd), 0.02)
    for clip in [0, 0.01] {
      attack.clip = clip
      let (a, b) = (try length(attack, unrolled: true), try length(attack, unrolled: false))
      #expect(a > 0 && abs(a / b - 1) < 1e-3)
      #expect(clip == 0 || abs(a - clip * 0.02) < 1e-5)
    }
  }
}
