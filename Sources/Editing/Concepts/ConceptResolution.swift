public import Training

extension Concept {
  /// The concept that a name means for a model: with the model's own captions where it knows the
  /// name as an object or a style, else the bare words.
  /// - Parameter replacement: the object or style to give instead; nil gives the caption without it
  public static func resolve(
    _ name: String, in themes: Themes?, replacement: String? = nil
  ) -> Concept {
    guard let themes, let (kind, subject) = themes.find(name) else {
      return Concept(name, replacement: replacement ?? "")
    }
    // The captions bring articles of their own.
    var concept = resolve(
      name, kind, subject, in: themes, replacement.map { SubjectName($0).words })
    concept.plurals = themes.captions.plurals
    concept.replacement = replacement
    concept.siblings = (kind == .object ? themes.objects : themes.styles).filter { $0 != subject }
    return concept
  }

  private static func resolve(
    _ name: String, _ kind: Themes.Kind, _ subject: String, in themes: Themes,
    _ replacement: String?
  ) -> Concept {
    let captions = themes.captions
    switch kind {
    case .object:
      let pairs = captions.both.flatMap { template in
        themes.styles.map { style in
          Phrase(
            captions.fill(template, object: subject, style: style), words: subject,
            anchor: replacement.map { captions.fill(template, object: $0, style: style) }
              ?? captions.fill(captions.style[0], object: nil, style: style))
        }
      }
      let alone = captions.object.map {
        Phrase(
          captions.fill($0, object: subject, style: nil), words: subject,
          anchor: replacement.map { name in
            captions.fill(captions.object[0], object: name, style: nil)
          } ?? "")
      }
      return Concept(name, phrases: pairs + alone, isReplaced: replacement != nil)
    case .style:
      // Each object appears once. The captions take turns.
      let pairs = captions.both.enumerated().flatMap { i, template in
        themes.objects.enumerated().filter { $0.offset % captions.both.count == i }.map {
          _, object in
          Phrase(
            captions.fill(template, object: object, style: subject), words: subject,
            anchor: replacement.map { captions.fill(template, object: object, style: $0) }
              ?? captions.fill(captions.object[0], object: object, style: nil))
        }
      }
      let alone = captions.style.map {
        Phrase(
          captions.fill($0, object: nil, style: subject), words: subject,
          anchor: replacement.map { name in
            captions.fill(captions.style[0], object: nil, style: name)
          } ?? "")
      }
      return Concept(name, phrases: pairs + alone, isReplaced: replacement != nil)
    }
  }
}

extension Erasure {
  /// Prompts for every subject that is not forgotten: `--preserve others`.
  public static func others(than forgotten: [String], in themes: Themes) -> [String] {
    let gone = forgotten.compactMap { themes.find($0)?.name }
    let styles = themes.styles.filter { !gone.contains($0) }
    return themes.objects.filter { !gone.contains($0) }.flatMap { object in
      styles.map { themes.prompt(object: object, style: $0) }
        + [themes.captions.fill(themes.captions.object[0], object: object, style: nil)]
    } + styles.map { themes.captions.fill(themes.captions.style[0], object: nil, style: $0) }
  }
}
