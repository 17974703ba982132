package import Diffusion
internal import Torch

/// Prompts, each with erasers of its own, in one batch of one model: the changes of an eraser are laid on
/// the keys and values of its rows alone.
package final class SwitchedConditioning {
  private let set: EraserSet
  private let model: DiffusionModel
  private var differences: [[String]: ParameterVector] = [:]

  package init(_ set: EraserSet, _ model: DiffusionModel) { (self.set, self.model) = (set, model) }

  /// - Throws: ``LetheError`` for erasers that the set does not have
  package func callAsFunction(_ rows: [(prompt: String, erasers: [String])]) throws -> Conditioning
  {
    try withoutGradients {
      let all = model.embed(rows.map(\.prompt))
      return try .concatenate(
        rows.indices.map { i in
          let row = all.rows([i])
          guard !rows[i].erasers.isEmpty else { return row }
          return try row.shifted(by: vector(rows[i].erasers))
        })
    }
  }

  /// The sum of the erasers named, made once.
  private func vector(_ names: [String]) throws -> ParameterVector {
    let names = names.sorted()
    if let known = differences[names] { return known }
    let made = try set.vector(names)
    try model.check(made)
    differences[names] = made
    return made
  }
}
