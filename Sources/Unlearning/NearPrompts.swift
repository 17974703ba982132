// Prompts near a concept, which a guard watches where the request names none to preserve.
internal import Diffusion
internal import Editing
internal import Torch
internal import Training

extension Erasure {
  /// The empty prompt, and the concepts' own prompts with other subjects in their place. The subjects are of the
  /// concept's kind where some are known, else categories of COCO, the nearest in the model's text encoder first.
  /// Concepts of one kind give their prompts in turn. A model with classes gets other classes at random. A model that
  /// takes no other prompt gets the empty one alone.
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
    var turns = forget.map { _ in 0 }
    return empty
      + names.prefix(max(0, count - empty.count)).map { prompt(for: $0, &turns, g) }
      .filter(accepts)
  }

  /// A prompt of a concept with `name` in the concept's place. The concepts that have `name` among their siblings take
  /// turns; where none has, all do.
  /// - Parameter turns: prompts that each concept has given so far
  private func prompt(for name: String, _ turns: inout [Int], _ g: Generator) -> String {
    let asked = forget.indices.filter { !forget[$0].phrases.isEmpty }
    let kin = asked.filter { forget[$0].siblings.contains(name) }
    guard let i = (kin.isEmpty ? asked : kin).min(by: { turns[$0] < turns[$1] }) else {
      return name
    }
    turns[i] += 1
    let concept = forget[i]
    let phrase = concept.phrases[Tensor.randint(below: concept.phrases.count, [1], g).ints[0]]
    let other = phrase.prompt.replacing(
      mentionsOf: phrase.words, with: name, plurals: concept.plurals)
    return asks(other) ? name : other
  }
}
