// The card of a set of erasers, the file erasers.json: the model, the prompts that are kept, and the concepts.

extension EraserSet {
  package struct Entry: Codable, Sendable, Hashable {
    package var name: String
    /// Prompts that every other eraser of the set leaves exactly as they are.
    package var prompts: [String]
    /// Other ways to ask for it: erased too; the effect of other erasers on them is only measured.
    package var paraphrases: [String]
    /// The same captions without the concept, for prompts and then paraphrases; empty for none.
    package var anchors: [String]
    package var isActive = false
    /// The prompts that the eraser's null space was made of; empty before training.
    package var keeps: [String] = []
    /// Free directions that it was trained with.
    package var nullity = 0
    package var seconds = 0.0

    package init(
      _ name: String, prompts: [String], paraphrases: [String] = [], anchors: [String] = []
    ) {
      (self.name, self.prompts, self.paraphrases) = (name, prompts, paraphrases)
      self.anchors = anchors
    }
    package var isTrained: Bool { nullity > 0 }
    package var concept: Concept {
      Concept(
        name,
        phrases: (prompts + paraphrases).enumerated().map { i, prompt in
          .init(prompt, words: name, anchor: i < anchors.count ? anchors[i] : "")
        })
    }
  }
  package struct Card: Codable, Sendable, Hashable {
    package var format = EraserSet.format
    /// The base model's folder, and ``DiffusionModel/hash()``.
    package var model: String
    package var base: String
    /// Files that are added to the model's own weights; nil for none.
    package var additions: ModelAdditions?
    package var protected: [String]
    /// Prompts of no managed concept, which erasers should touch little, without a guarantee.
    package var regular: [String]
    package var seed: UInt64
    package var entries: [Entry] = []
  }
}
