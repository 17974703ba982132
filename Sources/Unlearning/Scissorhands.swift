// Scissorhands: Scrub Data Influence via Connection Sensitivity in Networks (Wu & Harandi, ECCV 2024):
//
//   trim     s_i = |theta_i| sum_b | d l_f,b / d theta_i |,   the 1 - sparsity with the largest s begin anew     (eq. 3)
//   repair   L = L_r - lambda l_f,   gradients projected where they would undo forgetting (see Projected)       (eq. 6)
//
// l_f: the training loss on the pictures to forget, each batch b on its own (SNIP, Lee et al., ICLR 2019). With
// `relabel` the second term is + lambda of the loss towards another caption, as in the released code for nudity.
// The remembered gradient is that of -l_f in the trimmed model.
// Differences from the released code: it begins anew only self-attention of two blocks (nudity, sparsity 0.995), or
// takes numbers of a truncated normal (classes, 0.999), where here each layer begins as the network's own
// initialisation has it; its batches b are one and the same; it trains 5 epochs of 16 at 1e-5 (nudity) or 3 of 8 at
// 2e-5 (classes), and projects in classification only.
public import Diffusion
public import Editing
public import Torch
internal import TorchNN
public import Training

/// Scissorhands (Wu & Harandi, ECCV 2024): the most sensitive weights begin anew, then the model is repaired.
public struct Scissorhands: DataMethod {
  public static let name = "scissorhands"
  public static let card = MethodCard(
    title: "Scissorhands", paper: "arXiv 2401.06187", year: 2024, trains: "the U-Net")

  public var training = Training(steps: 160, batch: 8, rate: 2e-5)
  /// The weights that are trimmed and repaired.
  public var parameters = "full"
  /// Share of the weights that trimming leaves alone, 0 to 1. Lower it where the concept comes back in the repair.
  public var sparsity = 0.999
  /// lambda, the weight of forgetting in the repair, from 0. Raise it where the concept comes back.
  public var lambda = 0.1
  /// Whether the repair pulls towards another caption, as the released code for nudity, instead of ascending l_f.
  public var relabel = false
  /// Whether the repair's gradients are projected. False is faster by one product a step and may undo more.
  public var projects = true
  /// Batches over which the sensitivity is summed, from 1. More make it less noisy.
  public var pruneBatches = 10
  public var data = DataOptions()
  public var picturesInPass = 0
  public var guarding = GuardOptions(limit: 0)
  public init() {}
  public static var tiny: Scissorhands {
    tiny { ($0.data, $0.pruneBatches) = (.tiny, 2) }
  }

  public func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule {
    let sets = try data.sets(erasure, original, run)
    let loss = sets.remembering(training.batch)
    func gradient(_ i: Int) throws -> [Tensor] {
      var step = Step(index: i, seed: run.seed &+ 11)
      return try descend(loss, student, tensors, &step, by: picturesInPass).gradients
    }
    let sensitivity = tensors.map { Tensor.zeros($0.shape, on: $0.device) }
    for b in 0..<pruneBatches {
      Foreach.add(sensitivity, try gradient(b).map { $0.abs() })
      run.progress("sensitivity", b + 1, pruneBatches)
    }
    let selection = try ParameterSelection.named(parameters)
    let fresh = try original.exact.initialUNet(seed: run.seed &+ 9)
    withoutGradients {
      let scores = zip(tensors, sensitivity).map { $0.detached().abs() * $1 }
      let masks = Masked.largest(1 - sparsity, of: scores)
      for (i, path) in selection.paths(of: student.parameters).enumerated() {
        guard let new = fresh[path] else { continue }
        tensors[i].copy(from: tensors[i] + masks[i] * (new - tensors[i]))
      }
    }
    let away: any Objective =
      relabel ? try sets.forgetting(.relabel, training.batch, run) : -1 * loss
    let repair = Descent(
      sets.retaining(training.batch) + lambda * away, picturesInPass: picturesInPass)
    guard projects else { return repair }
    let memory = try gradient(pruneBatches)
    withoutGradients { Foreach.scale(memory, by: -1) }
    return Projected(repair, memory: memory)
  }

  /// The remembered gradient.
  public func numbers(beside model: DiffusionModel) -> Int {
    numbers(beside: model, further: projects ? 1 : 0)
  }
}
