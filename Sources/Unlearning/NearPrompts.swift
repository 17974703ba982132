// Prompts near a concept, which a guard watches where the request names none to preserve.
internal import Diffusion
internal import Editing
internal import Torch
internal import Training

extension Erasure {
  /// The empty prompt, and the concepts' own prompts with other subjects in their place. The subjects are of the
  /// concept's kind where some are known, else categories of COCO, the nearest in the model's text encoder first. A
  /// model with classes gets other classes at random. A model that takes no other prompt gets the empty one alone.
  func near(in model: DiffusionModel, count: Int, _ g: Generator) -> [String] {
    let accepts = { (prompt: String) in (try? model.check([prompt])) != nil }
    let empty = [""].filter(accepts)
    guard !model.isUnconditional else { return empty }
    let gone = Set(forget.flatMap { [$0.name] + $0.phrases.map(\.words) }.map { $0.lowercased() })
    var names = others(in: model, of: KnownSubjects.everyday) {
      !gone.contains($0.lowercased()) && accepts($0)
    }
    if !model.classes.isEmpty {
      names.sort()
      names = Tensor.permutation(names.count, g).map { names[$0] }
    }
    return empty
      + names.prefix(max(0, count - empty.count)).map { prompt(for: $0, g) }
      .filter(accepts)
  }

  /// A prompt of the concept that has `name` among its siblings, or of the first, with `name` in the concept's place.
  private func prompt(for name: String, _ g: Generator) -> String {
    guard let concept = forget.first(where: { $0.siblings.contains(name) }) ?? forget.first,
      !concept.phrases.isEmpty
    else { return name }
    let phrase = concept.phrases[Tensor.randint(below: concept.phrases.count, [1], g).ints[0]]
    let other = phrase.prompt.replacing(
      mentionsOf: phrase.words, with: name, plurals: concept.plurals)
    return asks(other) ? name : other
  }
}
