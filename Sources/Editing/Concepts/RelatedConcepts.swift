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
  /// Prompts for subjects near to the concepts and for subjects far from them: those that the request names, else
  /// preserved prompts that mention the nearest and the farthest siblings, `count` each, else prompts for these. A
  /// concept without siblings has those of a built-in list.
  /// - Throws: ``LetheError`` of the kind `request` for a model that draws without prompts
  public func neighbours(
    _ count: Int, in model: DiffusionModel
  ) throws -> (related: [String], unrelated: [String]) {
    var concepts = forget
    if preserve.isEmpty, concepts.allSatisfy(\.siblings.isEmpty) {
      for i in concepts.indices {
        let known = model.classes.isEmpty ? KnownSubjects.objects : model.classes
        concepts[i].siblings = known.filter { !asks($0) }
      }
      try model.check(concepts.flatMap(\.siblings))
    }
    let names = Concept.siblings(of: concepts, in: model)
    let count = min(count, names.count / 2)
    func prompts(_ named: [String], _ picked: [String]) -> [String] {
      let own = named.isEmpty ? preserve.filter { p in picked.contains { p.mentions($0) } } : []
      if !own.isEmpty { return own }
      if named.isEmpty, !preserve.isEmpty { return preserve }
      return concepts.first?.asking(for: named.isEmpty ? picked : named) ?? []
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
