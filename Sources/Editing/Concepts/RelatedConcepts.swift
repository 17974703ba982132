public import Diffusion
internal import Torch

extension Concept {
  /// Other subjects of the concepts' kind, the nearest to a concept first.
  public static func siblings(of concepts: [Concept], in model: DiffusionModel) -> [String] {
    let gone = Set(concepts.map(\.name) + concepts.flatMap(\.phrases).map(\.words))
    let names = Set(concepts.flatMap(\.siblings)).subtracting(gone).sorted()
    return nearest(names, to: concepts, in: model)
  }

  /// Texts in the order of their nearness to a concept's name in a model's text encoder: the largest cosine of the mean
  /// hidden states.
  public static func nearest(
    _ texts: [String], to concepts: [Concept], in model: DiffusionModel
  ) -> [String] {
    guard !texts.isEmpty else { return [] }
    func direction(_ text: String) -> Tensor {
      let v = model.embed([text]).hidden.mean(1).flattened()  // [D]
      return v / v.norm()
    }
    return withoutGradients {
      let own = concepts.map { direction($0.name) }
      let nearness = texts.map { text -> Double in
        let v = direction(text)
        return own.map { v.dot($0).item }.max() ?? 0
      }
      return texts.indices.sorted { nearness[$0] > nearness[$1] }.map { texts[$0] }
    }
  }
}
