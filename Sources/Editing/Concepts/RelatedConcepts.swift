public import Diffusion
internal import Torch

extension Concept {
  /// Other subjects of the concepts' kind, those first that are nearest in a model's text encoder: cosine of the mean
  /// hidden states of the names.
  public static func siblings(of concepts: [Concept], in model: DiffusionModel) -> [String] {
    let gone = Set(concepts.map(\.name) + concepts.flatMap(\.phrases).map(\.words))
    let names = Set(concepts.flatMap(\.siblings)).subtracting(gone).sorted()
    func direction(_ name: String) -> Tensor {
      let v = model.embed([name]).hidden.mean(1).flattened()
      return v / v.norm()
    }
    return withoutGradients {
      let own = concepts.map { direction($0.name) }
      let nearness = names.map { name -> Double in
        let v = direction(name)
        return own.map { v.dot($0).item }.max() ?? 0
      }
      return names.indices.sorted { nearness[$0] > nearness[$1] }.map { names[$0] }
    }
  }
}
