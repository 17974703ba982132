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
  /// hidden states. Classes have no text, and keep their order.
  private static func nearest(
    _ texts: [String], to concepts: [Concept], in model: DiffusionModel
  ) -> [String] {
    guard !texts.isEmpty, model.classes.isEmpty else { return texts }
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

extension Concept {
  /// Prompts for other subjects: the concept's own, with each subject in its place.
  package func asking(for names: [String]) -> [String] {
    let longer = phrases.filter { $0.prompt != $0.words }
    let own = longer.isEmpty ? phrases : longer
    guard !own.isEmpty else { return names }
    return names.enumerated().map { i, name in
      let phrase = own[i % own.count]
      let prompt = phrase.prompt.replacing(
        mentionsOf: phrase.words, with: name, plurals: plurals)
      return prompt == phrase.prompt ? name : prompt
    }
  }
}

extension Erasure {
  /// Other subjects than the concepts, the nearest first: the concepts' siblings, else those of a list, or the model's
  /// classes.
  /// - Parameter accepts: whether a subject can be asked for
  package func others(
    in model: DiffusionModel, of list: [String], where accepts: (String) -> Bool = { _ in true }
  ) -> [String] {
    var concepts = forget
    let isKnown = !forget.allSatisfy(\.siblings.isEmpty)
    for i in concepts.indices {
      let known =
        isKnown ? concepts[i].siblings : model.classes.isEmpty ? list : model.classes
      concepts[i].siblings = known.filter { !asks($0) && accepts($0) }
    }
    return Concept.siblings(of: concepts, in: model)
  }

  /// Prompts for subjects near to the concepts and for subjects far from them: those that the request names, else
  /// preserved prompts that mention the nearest and the farthest siblings, `count` each, else prompts for these. A
  /// concept without siblings has those of a built-in list.
  /// - Throws: ``LetheError`` of the kind `request` for a model that draws without prompts
  public func neighbours(
    _ count: Int, in model: DiffusionModel
  ) throws -> (related: [String], unrelated: [String]) {
    let names = others(in: model, of: KnownSubjects.objects)
    if forget.allSatisfy(\.siblings.isEmpty) { try model.check(names) }
    let count = min(count, names.count / 2)
    func prompts(_ named: [String], _ picked: [String]) -> [String] {
      let own =
        named.isEmpty
        ? preserve.filter { p in picked.contains { p.mentions($0, apartFrom: names) } } : []
      if !own.isEmpty { return own }
      return forget.first?.asking(for: named.isEmpty ? picked : named) ?? []
    }
    return (
      prompts(forget.flatMap { $0.related ?? [] }, Array(names.prefix(count))),
      prompts(forget.flatMap { $0.unrelated ?? [] }, Array(names.suffix(count)))
    )
  }

  /// Prompts for the siblings of concepts that no list of the model has: those that the request names, else those of
  /// the concepts' kind.
  public var othersOfKind: [String] {
    let prompts = forget.flatMap { concept in
      concept.asking(for: (concept.related ?? concept.siblings) + (concept.unrelated ?? []))
    }
    var seen = Set<String>()
    return prompts.filter { !asks($0) && seen.insert($0).inserted }
  }
}
