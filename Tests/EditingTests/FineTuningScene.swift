import Diffusion
import TestSupport
import Torch
import TorchNN
import Training

@testable import Editing

/// | eps_theta(x, t | c) - y |^2 at one fixed state.
struct FixedLoss: Objective {
  let x, y: Tensor
  let c: Conditioning

  init(_ model: DiffusionModel, _ prompt: String, seed: UInt64) {
    x = Tensor.randn([2, 4, 8, 8], Generator(seed: seed))
    y = Tensor.randn([2, 4, 8, 8], Generator(seed: seed + 50))
    c = withoutGradients { model.embed([prompt, prompt]) }
  }
  func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    model.predict(x, at: Tensor([300, 700] as [Float]), given: c).meanSquaredError(y)
  }
}

/// A student, and losses at fixed states to learn again, to forget and to keep.
struct FineTuningScene {
  let student: DiffusionModel
  let tensors: [Tensor]
  let tuned: [Tensor]
  let learned, concept, related, other: FixedLoss

  func gradient(_ objective: FixedLoss, _ model: DiffusionModel, _ tensors: [Tensor]) throws
    -> [Tensor]
  {
    var step = Step(index: 0, seed: 0)
    return descend(try objective.loss(model, &step), tensors).gradients
  }

  static func make() throws -> FineTuningScene {
    Runtime.threads = 1
    let original = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let student = try original.clone(owning: ParameterSelection.unet.matches)
    func tensors(_ selection: ParameterSelection) -> [Tensor] {
      selection.paths(of: student.parameters).compactMap { student.parameters[$0] }
    }
    let tuned = tensors(.unet)
    for tensor in tuned { tensor.requiresGradient = true }
    return FineTuningScene(
      student: student, tensors: tensors(.crossAttention), tuned: tuned,
      learned: FixedLoss(original, "a fox", seed: 1),
      concept: FixedLoss(original, "a fox", seed: 2),
      related: FixedLoss(original, "a cat", seed: 3), other: FixedLoss(original, "a bus", seed: 4))
  }

  static func set(_ prompt: String, _ seed: UInt64, _ model: DiffusionModel) -> any Objective {
    let latents = Tensor.randn([5, 4, 8, 8], Generator(seed: seed))
    return Denoising(
      LatentSet(latents, captions: Array(repeating: prompt, count: 5)), model, batch: 2)
  }
}
