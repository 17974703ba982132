public import ArgumentParser
public import Editing

/// Options for concepts that a model does not list.
struct WordingOptions: ParsableArguments {
  @Option(
    help:
      "Kind of a concept that the model does not list: object, style, artist, person or content. It brings prompts, anchors and prompts to preserve. Without effect on a listed concept."
  )
  var kind: ConceptKind?
  @Option(
    help:
      "Words in the concept's place in prompts without it, e.g. 'animal'. A whole prompt for styles and artists, e.g. 'a painting'."
  )
  var anchor: String?
  @Option(
    help:
      "Prompt that asks for the concept, in place of those of the kind; {concept} stands for the name, {a} for the name with its article. May be repeated."
  )
  var prompt: [String] = []
  @Option(
    help:
      "Subject near to the concept. It is preserved and gives wrong labels. Meta-Unlearning lets fine-tuning ruin it. May be repeated."
  )
  var related: [String] = []
  @Option(help: "Subject far from the concept, to keep. May be repeated.")
  var unrelated: [String] = []

  var wording: ConceptWording? {
    let wording = ConceptWording(
      kind: kind, anchor: anchor, prompts: prompt, related: related, unrelated: unrelated)
    return wording.isEmpty ? nil : wording
  }
}

extension ConceptKind: ExpressibleByArgument {}
