// The request of `lethe erase` in prompts: those to forget, those in their place, those to keep.
public import Editing
internal import Evaluation
internal import Torch
internal import Training
internal import Workbench

extension EraseJob {
  /// - Throws: ``LetheError`` of the kind `request` for options that exclude each other
  func checkWording() throws {
    guard replacement == nil || replacementCaption == nil else {
      throw LetheError.badValue(
        "--replace-caption",
        "it stands for the whole caption, --replace-with for words of it; give one")
    }
    guard replacement?.allSatisfy(\.isWhitespace) != true else {
      throw LetheError.badValue(
        "--replace-with",
        "an empty text names nothing; accepted: words that take the concept's place, or no --replace-with for the method's own target"
      )
    }
    guard let wording else { return }
    guard wording.anchor == nil || (replacement == nil && replacementCaption == nil) else {
      throw LetheError.badValue(
        "--anchor",
        "it takes the concept's place, as --replace-with and --replace-caption do; give one of them"
      )
    }
    guard concepts.count == 1 || wording.prompts.allSatisfy(ConceptTemplate.isTemplate) else {
      throw LetheError.badValue(
        "--prompt",
        "\(concepts.count) concepts are named; accepted: --prompt with one --concept, or with a place for the name, "
          + "as in 'a photo of a {concept}'")
    }
    let texts = wording.prompts + wording.related + wording.unrelated
    guard !texts.contains(where: { $0.allSatisfy(\.isWhitespace) }) else {
      throw LetheError.badValue("--prompt, --related, --unrelated", "an empty text names nothing")
    }
  }
}

extension EraseJob {
  /// - Throws: ``LetheError`` of the kind `request` for a concept that stands there twice, or in its own place, or
  ///   among the subjects beside it
  func refuseRepeatedWords() throws {
    var seen: Set<String> = []
    if let twice = concepts.first(where: { !seen.insert($0.lowercased()).inserted }) {
      throw LetheError.badValue(
        "--concept", "'\(twice)' is given twice; accepted: every concept once")
    }
    /// The first of some words that is a concept of the request.
    func concept(among words: [String]) -> String? {
      words.first { seen.contains(Concept.name(of: $0, in: nil).lowercased()) }
    }
    if let same = concept(among: [replacement].compactMap(\.self)) {
      throw LetheError.badValue(
        "--replace-with", "'\(same)' is the concept itself; accepted: words that take its place")
    }
    let (related, unrelated) = (wording?.related ?? [], wording?.unrelated ?? [])
    for (option, words) in [("--related", related), ("--unrelated", unrelated)] {
      if let same = concept(among: words) {
        throw LetheError.badValue(
          option, "'\(same)' is the concept itself; accepted: other subjects")
      }
    }
    let near = Set(related.map { $0.lowercased() })
    if let both = unrelated.first(where: { near.contains($0.lowercased()) }) {
      throw LetheError.badValue(
        "--related, --unrelated", "'\(both)' is given as near and as far; accepted: one of them")
    }
  }
}

extension Erase {
  /// The request in prompts: the captions that the model lists, or the words of the concept's kind.
  /// - Throws: ``LetheError`` of the kind `request` for `others` with a concept of which none are known
  public func erasure() throws -> Erasure {
    let themes = try job.folder.listedThemes()
    var erasure = Erasure(forget: try job.forgotten(in: themes))
    try separateAnchors(of: &erasure)
    let hasWords = erasure.forget.contains {
      $0.kind != nil || $0.related != nil || $0.unrelated != nil
    }
    var listed: [String] = []
    for entry in job.preserve.isEmpty && hasWords ? ["others"] : job.preserve {
      switch entry {
      case "none":
        guard job.preserve.count == 1 else {
          throw LetheError.badValue("--preserve", "'none' stands alone; give it or prompts")
        }
      case "others":
        let isListed = job.concepts.allSatisfy { themes?.find($0) != nil }
        if let themes, isListed || !hasWords {
          erasure.preserve += Erasure.others(
            than: job.concepts, in: job.trainedThemes(themes) ?? themes)
        }
        if hasWords { listed += erasure.othersOfKind }
        if !hasWords {
          _ = try job.folder.themes(
            for: "--preserve others", accepted: "--kind, or prompts to preserve by name")
        }
      default:
        if themes?.find(entry) == nil,
          let meant = ["others", "none"].nearest(to: entry) ?? themes?.misspelled(by: entry)
        {
          throw LetheError.badValue("--preserve", "'\(entry)': did you mean '\(meant)'?")
        }
        erasure.preserve.append(entry)
      }
    }
    let named = Set(erasure.preserve)
    erasure.preserve += listed.filter { !named.contains($0) }
    // Prompts that the user named by hand are no mere list.
    let isNamed = erasure.forget.allSatisfy { $0.related != nil }
    if !listed.isEmpty, !isNamed { erasure.regular = listed }
    (erasure.forgetImages, erasure.retainImages) = (job.forgetImages, job.retainImages)
    erasure.wrongCaption = job.replacementCaption
    return erasure
  }

  /// Leaves the words of other concepts that are forgotten out of the anchors.
  /// - Throws: ``LetheError`` of the kind `request` where the user asks for one of them in another's place
  private func separateAnchors(of erasure: inout Erasure) throws {
    let given = [job.replacement, job.replacementCaption, job.wording?.anchor].compactMap(\.self)
    for (i, concept) in erasure.forget.enumerated() {
      let others = erasure.forget.indices.filter { $0 != i }.map { erasure.forget[$0] }
      let known = others.flatMap(\.siblings)
      for words in others.flatMap({ $0.phrases.map(\.words) }).unique {
        guard !given.contains(where: { $0.mentions(words, apartFrom: known) }) else {
          throw LetheError.badValue(
            "--replace-with, --replace-caption, --anchor",
            "'\(words)' is to be forgotten itself; accepted: words that ask for no concept of the request"
          )
        }
        for (j, phrase) in concept.phrases.enumerated() {
          if phrase.anchor.mentions(words, apartFrom: known) {
            erasure.forget[i].phrases[j].anchor = phrase.anchor.without(words)
          }
          // A broader concept that is to be forgotten itself is no place to go to.
          if phrase.broader?.mentions(words, apartFrom: known) == true {
            erasure.forget[i].phrases[j].broader = nil
          }
        }
      }
    }
  }

  /// The request in words, for `--dry-run`: every prompt with what takes its place, and what is kept.
  public func summary() throws -> [String] {
    let erasure = try erasure()
    func quoted(_ text: String) -> String { text.isEmpty ? "nothing in particular" : "'\(text)'" }
    var lines: [String] = []
    // Concepts that are erased together are no other subjects of one another.
    let gone = Set(erasure.forget.flatMap { [$0.name] + $0.phrases.map(\.words) })
    for concept in erasure.forget {
      let kind = concept.kind.map { " (\($0.rawValue))" } ?? ""
      lines.append("\(concept.name)\(kind): \(concept.phrases.count.counted("prompt")) to forget")
      lines += concept.phrases.map { phrase in
        let broader = phrase.broader.map { ", in Concept Ablation \(quoted($0))" } ?? ""
        return "  '\(phrase.prompt)' becomes \(quoted(phrase.anchor))\(broader)"
      }
      func list(_ title: String, _ all: [String]) {
        let names = all.filter { !gone.contains($0) }
        if !names.isEmpty { lines.append("  \(title): \(names.joined(separator: ", "))") }
      }
      list(concept.related == nil ? "other subjects" : "related", concept.siblings)
      list("unrelated", concept.unrelated ?? [])
    }
    let regular = Set(erasure.regular ?? [])
    let named = erasure.preserve.filter { !regular.contains($0) }
    lines.append("\(erasure.preserve.count.counted("prompt")) to preserve")
    if !named.isEmpty { lines.append("  " + named.joined(separator: "; ")) }
    if !regular.isEmpty {
      lines.append("  of the kind's list: " + (erasure.regular ?? []).joined(separator: "; "))
    }
    return lines
  }
}
