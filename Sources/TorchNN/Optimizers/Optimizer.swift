public import Torch

/// Turns gradients into an update, in place. State is a plain dictionary, so resuming is saving it.
package protocol Optimizer {
  /// Moves `parameters` along `gradients`; the lists keep their order from step to step.
  mutating func step(_ parameters: [Tensor], _ gradients: [Tensor], rate: Double)
  var state: [String: Tensor] { get set }
  /// ``state`` where this process keeps all of it, else the parts of all processes, which ask together.
  func wholeState(for parameters: [Tensor]) -> [String: Tensor]
  /// The shape of each tensor of the whole state once a step was taken.
  func stateShapes(for parameters: [Tensor]) -> [String: [Int]]
  /// The diagonal P of the step - rate . P g, as former gradients left it, a tensor for each parameter; no tensors before
  /// the first step; nil where every number has the same, and where this process does not have all of it.
  var preconditioner: [Tensor]? { get }
  /// The next step without taking it; nil where the optimizer has no P, and where this process does not have all of it.
  var trial: TrialStep? { get }
}

/// The step that an optimizer would take along a gradient, from the number of a parameter, its tensor and its gradient:
/// d of theta - rate . d, with older gradients and weight decay in it, and the diagonal P by which it multiplies.
package typealias TrialStep = (Int, Tensor, Tensor) -> (d: Tensor, p: Tensor)

extension Optimizer {
  package func wholeState(for parameters: [Tensor]) -> [String: Tensor] { state }
  package var preconditioner: [Tensor]? { nil }
  package var trial: TrialStep? { nil }
}

/// Scales `gradients` in place so that their common norm is at most `limit`, without a read of the norm on a GPU.
/// - Returns: the norm before
@discardableResult
package func clipNorm(_ gradients: [Tensor], to limit: Double) -> Tensor {
  guard let first = gradients.first else { return .zeros([]) }
  let norm = Foreach.unreadNorm(gradients)
  guard norm.device != .cpu else {
    // No pass over gradients that are short enough.
    let length = norm.item
    if length > limit { Foreach.scale(gradients, by: limit / (length + 1e-6)) }
    return norm
  }
  let factor = (limit / (norm.inFloat64() + 1e-6)).clamped(nil, 1)
  Foreach.scale(gradients, by: factor.like(first))
  return norm
}

/// The optimizers by name, with the options that recipes and methods set.
public struct OptimizerOptions: Codable, Sendable, Hashable {
  /// Adam (arXiv 1412.6980), AdamW with decoupled weight decay (arXiv 1711.05101), and gradient descent with momentum.
  public enum Kind: String, Choice { case adam, adamw, sgd }
  /// The rule: `adam`, `adamw` with weight decay apart from the gradient, or `sgd`, which takes less
  /// memory.
  public var kind = Kind.adam
  /// Memory of the mean gradient, 0 to below 1, of `adam` and `adamw`. Lower it where gradients change their direction
  /// often.
  public var beta1 = 0.9
  /// Memory of the mean squared gradient, 0 to below 1, of `adam` and `adamw`. Lower it for trainings of few steps.
  public var beta2 = 0.999
  /// Number added to the root of that mean, from 0. Raise it where steps explode at small gradients.
  public var eps = 1e-8
  /// Pull of the weights towards 0, from 0. 0 leaves it out; 0.01 to 0.1 is usual in trainings from scratch.
  public var weightDecay = 0.0
  /// Memory of former steps of `sgd`, 0 to 1; usual is 0.9. 0 leaves it out.
  public var momentum = 0.0

  /// Adam without weight decay.
  public init() {}
  /// An optimizer with the other options at their defaults.
  public init(_ kind: Kind, weightDecay: Double = 0) {
    (self.kind, self.weightDecay) = (kind, weightDecay)
  }

  /// Tensors that the state holds for each parameter.
  package var moments: Int {
    switch kind {
    case .adam, .adamw: 2
    case .sgd: momentum != 0 ? 1 : 0
    }
  }

  package func make() -> any Optimizer {
    switch kind {
    case .adam: Adam(self, decoupled: false)
    case .adamw: Adam(self, decoupled: true)
    case .sgd: SGD(momentum: momentum, weightDecay: weightDecay)
    }
  }
}
