// The fine-tuning that Meta-Unlearning simulates at every step (Gao et al., ICCV 2025, algorithm 1, inner loop):
//
//   phi <- (1 - tau w) phi - tau d( grad L(phi; D_FT) ),   M times, from phi = theta;   w the weight decay
//
// First order: phi takes the place of theta. d is the optimizer's, AdamW in the released code, after gradient clipping.
// Its first step moves each of n weights by tau, sqrt(n) tau in norm.
// Second order: theta_FT keeps its graph to theta, which needs a d that can be differentiated:
//
//   sgd           d(g) = g, at most `clip` long
//   adam, adamw   d(g) = sqrt(n) g / |g|
//
// A plain gradient step at AdamW's rate would be no attack: it moves the weights by tau |g|, some 10^4 times less.
internal import Diffusion
internal import Torch
internal import TorchNN
internal import Training

struct SimulatedFineTuning {
  let attack: MetaGradient.Attack
  let learned: any Objective
  /// The student's tensors that fine-tuning changes, and their names.
  let tuned: [Tensor]
  let paths: [ParameterPath]
  /// The number of pictures that go through the network at once; 0 takes a batch whole.
  let picturesInPass: Int

  /// Trains the model's own tensors.
  func inPlace(_ model: DiffusionModel, _ step: inout Step) throws {
    let trained = tuned.map(\.requiresGradient)
    for tensor in tuned { tensor.requiresGradient = true }
    defer { for (tensor, was) in zip(tuned, trained) { tensor.requiresGradient = was } }
    var optimizer = attack.optimizer.make()
    for _ in 0..<max(0, attack.steps) {
      let found = try unreadDescent(learned, model, tuned, &step, by: picturesInPass).gradients
      if attack.clip > 0 { clipNorm(found, to: attack.clip) }
      optimizer.step(tuned, found, rate: attack.rate)
    }
  }

  /// The fine-tuned model, whose tensors keep their graph to those of `model`.
  /// - Precondition: `tuned` requires gradients
  func unrolled(_ model: DiffusionModel, _ step: inout Step) throws -> DiffusionModel {
    func with(_ phi: [Tensor]) throws -> DiffusionModel {
      try model.replacing(Dictionary(uniqueKeysWithValues: zip(paths, phi)))
    }
    var phi = tuned
    for _ in 0..<max(0, attack.steps) {
      let found = gradients(of: try learned.loss(with(phi), &step), with: phi, createGraph: true)
      phi = moved(phi, along: found)
    }
    return try with(phi)
  }

  private func moved(_ phi: [Tensor], along found: [Tensor]) -> [Tensor] {
    let (tau, decay) = (attack.rate, attack.optimizer.weightDecay)
    let isDecoupled = attack.optimizer.kind == .adamw
    // Weight decay: AdamW shrinks phi, the others add to the gradient.
    let g = isDecoupled || decay == 0 ? found : zip(found, phi).map { $0 + decay * $1 }
    let kept = isDecoupled && decay != 0 ? phi.map { (1 - tau * decay) * $0 } : phi
    guard let first = g.first else { return phi }
    let squares = g.dropFirst().reduce(first.squared().sum()) { $0 + $1.squared().sum() }
    let norm = (squares + 1e-30).sqrt()  // |g|
    let length: Tensor  // |d(g)| / |g|
    switch attack.optimizer.kind {
    case .adam, .adamw:
      length = Double(g.map(\.count).reduce(0, +)).squareRoot() / norm
    case .sgd:
      guard attack.clip > 0, norm.item > attack.clip else {
        return zip(kept, g).map { $0 - tau * $1 }
      }
      length = attack.clip / norm
    }
    return zip(kept, g).map { $0 - tau * length * $1 }
  }
}
