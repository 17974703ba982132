public import Diffusion
internal import Torch

extension Concept {
  /// Other subjects of the concepts' kind, the nearest to a concept first.
  public static func siblings(of concepts: [Concept], in model: DiffusionModel) -> [String] {
    let gone = Set(concepts.map(\.name) + concepts.flatMap(\.phrases).map(\.words))
    let names = Set(concepts.flatMap(\.siblings)).subtracting(gone).sorted()
    return nearest(names, to: concepts, in: model)
  }

  /// The nearest and the farthest siblings of each concept, at most `count` and half of all, with the concept that each
  /// is nearest to or farthest from. Every concept has the same number of them, where it has so many. An only sibling is
  /// on both sides, any other on one.
  package static func extremes(
    _ count: Int, of concepts: [Concept], in model: DiffusionModel
  ) -> (near: [(name: String, concept: Concept)], far: [(name: String, concept: Concept)]) {
    let gone = Set(concepts.map(\.name) + concepts.flatMap(\.phrases).map(\.words))
    let orders = concepts.map { concept in
      nearest(Set(concept.siblings).subtracting(gone).sorted(), to: [concept], in: model)
    }
    let all = Set(orders.flatMap(\.self)).count
    let count = min(count, max(1, all / 2))
    var seen = Set<String>()
    /// `count` names, of each order in turn.
    func inTurn(_ orders: [[String]]) -> [(name: String, concept: Concept)] {
      var rest = orders.map { ArraySlice($0) }
      var found: [(name: String, concept: Concept)] = []
      while found.count < count, rest.contains(where: { !$0.isEmpty }) {
        for (i, concept) in concepts.enumerated() where found.count < count {
          rest[i] = rest[i].drop { seen.contains($0) }
          guard let name = rest[i].popFirst() else { continue }
          seen.insert(name)
          found.append((name, concept))
        }
      }
      return found
    }
    let near = inTurn(orders)
    guard all > 1 else { return (near, near) }
    return (near, inTurn(orders.map { $0.reversed() }).reversed())
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
    Concept.siblings(of: withSiblings(in: model, of: list, where: accepts), in: model)
  }

  /// The concepts with other subjects than they as their siblings: their own, else those of a list, or the model's
  /// classes.
  private func withSiblings(
    in model: DiffusionModel, of list: [String], where accepts: (String) -> Bool = { _ in true }
  ) -> [Concept] {
    var concepts = forget
    let isKnown = !forget.allSatisfy(\.siblings.isEmpty)
    for i in concepts.indices {
      let known =
        isKnown ? concepts[i].siblings : model.classes.isEmpty ? list : model.classes
      concepts[i].siblings = known.filter { !asks($0) && accepts($0) }
    }
    return concepts
  }

  /// Prompts for subjects near to the concepts and for subjects far from them: those that the request names, else
  /// preserved prompts that mention the nearest and the farthest siblings, `count` each, else prompts for these, each in
  /// the words of the concept that it is near to or far from. Every concept has the same number of them. A concept without
  /// siblings has those of a built-in list.
  /// - Throws: ``LetheError`` of the kind `request` for a model that draws without prompts
  public func neighbours(
    _ count: Int, in model: DiffusionModel
  ) throws -> (related: [String], unrelated: [String]) {
    let concepts = withSiblings(in: model, of: KnownSubjects.objects)
    let names = Set(concepts.flatMap(\.siblings))
    if forget.allSatisfy(\.siblings.isEmpty) { try model.check(names.sorted()) }
    let (near, far) = Concept.extremes(min(count, names.count / 2), of: concepts, in: model)
    func prompts(
      _ named: KeyPath<Concept, [String]?>, _ picked: [(name: String, concept: Concept)]
    ) -> [String] {
      let asked = forget.flatMap { concept in
        concept.asking(for: concept[keyPath: named] ?? [])
      }
      guard asked.isEmpty else { return asked }
      let own = preserve.filter { p in
        picked.contains { p.mentions($0.name, apartFrom: Array(names)) }
      }
      guard own.isEmpty else { return own }
      return forget.flatMap { concept in
        concept.asking(for: picked.filter { $0.concept.name == concept.name }.map(\.name))
      }
    }
    return (prompts(\.related, near), prompts(\.unrelated, far))
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
