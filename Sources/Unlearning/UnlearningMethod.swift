package import Diffusion
package import Editing
internal import Torch
internal import TorchNN
package import Training

/// A method's name, origin and reach, for lists, reports and checks.
package struct MethodCard: Codable, Sendable, Hashable {
  package var title: String
  package var paper: String
  package var year: Int
  /// The parameters that it changes when nothing is set.
  package var trains: String
  package init(title: String, paper: String, year: Int, trains: String) {
    (self.title, self.paper, self.year, self.trains) = (title, paper, year, trains)
  }
}

/// A way to make a model forget: a function from (request, model) to a difference. The model given
/// is never modified.
package protocol UnlearningMethod: Codable, Sendable {
  static var name: String { get }
  static var card: MethodCard { get }
  /// The paper's defaults.
  init()
  /// Settings that take every step of the method within seconds on a model of a few thousand numbers, for tests.
  static var tiny: Self { get }
  func erase(_ erasure: Erasure, from model: DiffusionModel, _ run: Run) throws -> Erased
  /// A line on the memory that the method takes for a model, beyond that of training it; nil where there is
  /// nothing to say.
  /// - Parameter model: loads the model, where its size is asked for
  func memory(for model: () throws -> DiffusionModel) throws -> String?
}

extension UnlearningMethod {
  package static var tiny: Self { Self() }
  package func memory(for model: () throws -> DiffusionModel) throws -> String? { nil }
}
