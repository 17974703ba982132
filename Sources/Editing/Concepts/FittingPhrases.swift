// Prompts that a model's text encoder reads to their end.
package import Diffusion
internal import Torch

extension Concept {
  /// The concept without the phrases that do not fit into the text encoder. Prompts that differ only after its last
  /// place would be the same there.
  /// - Returns: the concept, and a sentence about the prompts that were left out; nil where all fit
  /// - Throws: ``LetheError`` of the kind `request` where none fits
  package func fitting(_ layout: Layout) throws -> (concept: Concept, note: String?) {
    guard let cut = layout.cut(phrases.flatMap { [$0.prompt, $0.anchor] }) else {
      return (self, nil)
    }
    var fitting = self
    fitting.phrases = phrases.filter { layout.cut([$0.prompt, $0.anchor]) == nil }
    guard !fitting.phrases.isEmpty else {
      try layout.refuseCut(phrases.flatMap { [$0.prompt, $0.anchor] }, of: name)
      return (fitting, nil)
    }
    let lost = phrases.count - fitting.phrases.count
    return (
      fitting,
      "\(lost) of \(phrases.count) prompts for '\(name)' are left out, as the text encoder takes \(cut.room) tokens: "
        + "'\(cut.prompt)' has more"
    )
  }
}

extension [Concept] {
  /// The concepts with the phrases that fit into the text encoder.
  /// - Parameter note: takes a sentence about those that were left out
  /// - Throws: ``LetheError`` of the kind `request` for a concept of which no phrase fits
  package func fitting(_ layout: Layout, note: (String?) -> Void = { _ in }) throws -> [Concept] {
    try map { concept in
      let (fitting, sentence) = try concept.fitting(layout)
      note(sentence)
      return fitting
    }
  }
}
