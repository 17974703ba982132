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
    func directions(_ texts: [String]) -> Tensor {
      let v = Tensor.concatenate(
        stride(from: 0, to: texts.count, by: 64).map { first in
          model.embed(Array(texts[first..<min(first + 64, texts.count)])).hidden.mean(1)
        })  // [N, D]
      return v / v.norm(1, keepDimensions: true)
    }
    return withoutGradients {
      let cosines = directions(texts).matmul(directions(concepts.map(\.name)).transposed(0, 1))
      let nearness = cosines.max(1).doubles  // [N]
      return texts.indices.sorted { nearness[$0] > nearness[$1] }.map { texts[$0] }
    }
  }
}
