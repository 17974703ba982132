public import Torch
package import TorchNN

/// Everything random or contextual about one iteration.
public struct Step {
  /// The number of the step, from 0.
  public let index: Int
  /// Seeded from the run's seed and ``index`` alone, so a resumed run draws what it would have drawn.
  public let generator: Generator
  /// Numbers for the log; never tensors, which would keep their graph alive.
  public var log: [String: Double] = [:]
  /// Running statistics that go on from step to step, and over an interruption.
  public var carried: [String: Double] = [:]
  /// Tensors that go on like ``carried``, without their graph. A stored state may hold any shape under any name, so
  /// that whoever reads one checks it.
  public var carriedTensors: [String: Tensor] = [:]
  /// The diagonal by which the optimizer will multiply this step's direction, as far as former steps tell it; no tensors
  /// before the first step, nil where there is none.
  package var preconditioner: () -> [Tensor]? = { nil }
  /// The step that the optimizer will take along a direction; nil where it cannot tell.
  package var trial: () -> TrialStep? = { nil }
  /// Whether the step has a line in the log. Numbers for the log alone are not computed in the others.
  public var isLogged = true
  /// Set when the training has reached what it was for; this step's gradients are then not applied. The step has a line
  /// in the log.
  public var isEnough = false

  /// A step whose generator is seeded from the seed and the index.
  public init(index: Int, seed: UInt64) {
    self.index = index
    generator = Generator(seed: Step.mix(seed, UInt64(index)))
  }

  /// SplitMix64 of both numbers: neighbouring steps get unrelated seeds.
  static func mix(_ seed: UInt64, _ index: UInt64) -> UInt64 {
    var z = seed &+ (index &+ 1) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return (z ^ (z >> 31)) >> 1
  }

  /// A uniform choice.
  public func choice<T>(_ values: [T]) -> T {
    values[Tensor.randint(below: values.count, [1], generator).ints[0]]
  }
  /// A number drawn from 0 to below 1.
  public func uniform() -> Double { Tensor.rand([1], generator).item }
}
