public import Diffusion
public import Editing
public import Torch
internal import TorchNN
public import Training

/// A method's name, origin and reach, for lists, reports and checks.
public struct MethodCard: Codable, Sendable, Hashable {
  /// The method's name for people.
  public var title: String
  /// The paper, e.g. `arXiv 2303.07345`.
  public var paper: String
  /// The year of the paper.
  public var year: Int
  /// The parameters that it changes when nothing is set.
  public var trains: String
  /// Whether it is the standard that other methods are held against, as retraining without the data.
  public var isReference: Bool
  /// A card of a method.
  public init(
    title: String, paper: String, year: Int, trains: String, isReference: Bool = false
  ) {
    (self.title, self.paper, self.year, self.trains) = (title, paper, year, trains)
    self.isReference = isReference
  }
}

/// Prompts and pictures that a method keeps, beside those to forget.
public enum Preserved: Sendable, Hashable {
  /// Those of the request; none where it names none.
  case asked
  /// Those of the request, or some of the method's own.
  case own
  /// None, whatever the request names. The text is the option that says so, such as `preserveWeight=0`.
  case nothing(String)
}

/// A way to make a model forget: a function from (request, model) to a parameter vector. The model given
/// is never modified.
public protocol UnlearningMethod: Codable, Sendable {
  /// The method's name in commands and files.
  static var name: String { get }
  /// The method's origin and reach.
  static var card: MethodCard { get }
  /// Names for the method with certain options, in benchmarks and in `methods.json`.
  static var variants: [MethodVariant] { get }
  /// Lethe's defaults. The header of a method's file names each difference from its paper.
  init()
  /// Settings that take every step of the method within seconds on a model of a few thousand numbers, for tests.
  static var tiny: Self { get }
  /// Erases the request's concepts. All random draws come from the run's seed.
  /// - Throws: ``LetheError``, e.g. of the kind `request` for a request or options that the method refuses
  func erase(_ erasure: Erasure, from model: DiffusionModel, _ run: Run) throws -> Erased
  /// Refuses, without training, the options and requests that the erasure would refuse.
  /// - Throws: ``LetheError`` of the kind `request`, or of a file that an option names
  func check(_ erasure: Erasure, of model: DiffusionModel) throws
  /// A line on the memory that the method takes for a model, beyond that of training it; nil where there is
  /// nothing to say.
  /// - Parameter model: loads the model, where its size is asked for
  func memory(for model: () throws -> DiffusionModel) throws -> String?
  /// Options that have no effect at the current values of others, as paths such as `training.steps`. `beside` names
  /// those others in words. A request that sets such an option is refused.
  var idle: [(option: OptionPath, beside: String)] { get }
  /// The prompts and pictures that the method keeps at the current values of its options.
  var preserves: Preserved { get }
  /// Whether several processes may share the rows of a batch. False has each of them compute all, which gives the same.
  var dividesBatches: Bool { get }
}

extension UnlearningMethod {
  public static var variants: [MethodVariant] { [] }
  public var idle: [(option: OptionPath, beside: String)] { [] }
  public var dividesBatches: Bool { true }
  public var preserves: Preserved { .asked }
  public static var tiny: Self { Self() }
  public func check(_ erasure: Erasure, of model: DiffusionModel) throws {}
  public func memory(for model: () throws -> DiffusionModel) throws -> String? { nil }
}
