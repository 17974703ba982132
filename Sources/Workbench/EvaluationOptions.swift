// The number of pictures of an evaluation, and their sampling.
public import Diffusion

/// The size of an evaluation, and its sampling options.
public struct EvaluationOptions: Codable, Sendable, Hashable {
  /// The options of each drawing. A prompt of a file may bring its own guidance and size.
  public var sampling = SamplingOptions()
  /// Pictures of each prompt of the forgotten subjects.
  public var seeds = 4
  /// Pictures of each other prompt.
  public var retainSeeds = 1
  /// The number of other subjects of the same kind. 0 takes all.
  public var others = 0
  /// Pictures drawn at a time.
  public var batch = 20
  /// The seed of the first picture.
  public var firstSeed: UInt64 = 1000
  /// Whether the run is reduced. Its intervals are wide.
  public var quick = false

  /// A full evaluation.
  public init() {}

  /// A reduced evaluation. It takes under a minute on two cores for a model of the embedded size.
  public static var quickly: EvaluationOptions {
    var options = EvaluationOptions()
    (options.seeds, options.others, options.quick) = (3, 10, true)
    return options
  }
}
