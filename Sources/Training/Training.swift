public import TorchNN

/// The course of a training: options that every recipe and every trained method has under `training`.
public struct Training: Codable, Sendable, Hashable {
  /// Optimizer steps, from 0. More change more; double them where a concept is still drawn.
  public var steps: Int
  /// Samples of a step, from 1. More make a step steadier and cost memory and time in proportion.
  public var batch: Int
  /// Size of a step, above 0: 1e-6 to 1e-3 for networks. Lower it where the guard stops or the loss diverges.
  public var learningRate: Double
  /// Course of the learning rate: `constant`, `linear` or `cosine` down to 0, `oneCycle`, `secondHalfLinear`.
  public var schedule: LearningRate
  /// First steps during which the learning rate rises to its value, 0 to `steps`. For recipes with high rates.
  public var warmup: Int
  /// The rule that turns gradients into steps.
  public var optimizer: OptimizerOptions
  /// Largest norm of a step's gradient, from 0; 0 leaves it alone. 1 is usual where single steps go astray.
  public var clip: Double
  /// Decay of the moving average that is kept instead of the last weights, 0 to below 1; 0 keeps the last.
  public var averaging: Double
  /// Whether the moving average forgets the first weights faster: its decay is at most (1 + step) / (10 + step).
  /// Without it, `averaging` should be well below 1 - 1 / `steps`.
  public var averagingWarmup = true
  /// Whether steps compute matrix products and convolutions in bfloat16; weights and optimizer stay as they are. It
  /// pays where the processor has instructions for it.
  public var bfloat16 = false
  /// Whether the optimizer's state, and copies of weights, rest in files while gradients are computed: for large
  /// models where memory is short.
  public var offload = false
  /// Whether each of several processes keeps the optimizer's state of some weights alone (ZeRO, stage 1): less memory,
  /// the same result. Without effect on one process.
  public var shardsOptimizer = false
  /// Steps from one saved state to the next, from 1; an interrupted run goes on from the last.
  public var saveEvery = 200
  /// Steps from one line of the log to the next, from 1.
  public var logEvery = 20

  /// A training with the options that methods set; the others have their defaults.
  public init(
    steps: Int = 1000, batch: Int = 1, rate: Double = 1e-5, schedule: LearningRate = .constant,
    warmup: Int = 0, optimizer: OptimizerOptions = OptimizerOptions(), clip: Double = 0,
    averaging: Double = 0, averagingWarmup: Bool = true
  ) {
    (self.steps, self.batch, learningRate) = (steps, batch, rate)
    (self.schedule, self.warmup, self.optimizer) = (schedule, warmup, optimizer)
    (self.clip, self.averaging, self.averagingWarmup) = (clip, averaging, averagingWarmup)
  }

  /// Lists of tensors of the parameters' shapes that a training holds beside them, at least: the gradients, the average,
  /// and the optimizer's where they neither rest in files nor are shared out.
  package var lists: Int {
    1 + (offload || shardsOptimizer ? 0 : optimizer.moments) + (averaging > 0 ? 1 : 0)
  }
}
