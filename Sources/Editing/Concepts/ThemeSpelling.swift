// Names that a model's list does not have, but nearly has.
internal import Foundation
internal import Torch
public import Training

extension Themes {
  /// Refuses a misspelled listed name, and several names in one text. Other words are taken as they are.
  /// - Parameters:
  ///   - option: the option that the name stands in, for the message
  ///   - escape: the option that takes the words as they are, for the message
  /// - Throws: ``LetheError`` of the kind `request` with the listed name
  public func refuseMisspelling(
    _ name: String, _ option: String = "--concept", escape: String = "--kind"
  ) throws {
    let text = name.trimmingCharacters(in: .whitespacesAndNewlines)
    guard find(text) == nil else { return }
    let parts = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    if parts.count > 1, parts.contains(where: { find($0) != nil }) {
      let each = parts.map { "\(option) \($0.shellQuoted)" }.joined(separator: " ")
      throw LetheError.badValue(option, "'\(text)' is several names; give \(each)")
    }
    guard let meant = misspelled(by: text) else { return }
    throw LetheError.badValue(
      option,
      "'\(text)' is not among the subjects that the model lists; did you mean '\(meant)'? "
        + "Words of your own are taken with \(escape)")
  }

  /// A sentence on a name that the list has with other capital letters; nil for others.
  package func readingNote(_ name: String) -> String? {
    let text = name.trimmingCharacters(in: .whitespacesAndNewlines)
    guard let listed = spelled(text), listed != text else { return nil }
    return "'\(text.printable())' is read as '\(listed)', as the model lists it"
  }

  /// The listed name that a text misspells; nil for a listed name and for other words.
  package func misspelled(by text: String) -> String? {
    guard find(text) == nil else { return nil }
    let known = objects + styles + styles.map { $0 + " style" }
    return known.first { text.isMisspelling(of: $0) }
  }

  /// A sentence on a kind that is given with a name: it has no effect on a listed one, and a name that is nearly listed is taken as
  /// words of the user's own.
  package func kindNote(_ name: String, _ kind: ConceptKind) -> String? {
    let text = name.trimmingCharacters(in: .whitespacesAndNewlines)
    if find(text) != nil {
      return
        "--kind \(kind.rawValue) has no effect: the model lists '\(text)', with prompts of its own"
    }
    return misspelled(by: text).map {
      "'\(text)' is taken as words of your own, as --kind says; the model lists '\($0)': did you mean that, without --kind?"
    }
  }

  /// The listed name that is nearest in spelling; nil for words unlike all of them.
  private func nearest(to name: String) -> String? {
    name.count < 4 ? nil : (objects + styles).nearest(to: name)
  }

  /// A sentence on a name that is not listed, and on a style that is named without the word; nil for others.
  /// - Parameter model: the model's folder, as the user names it
  package func freeWordsNote(_ name: String, in model: String) -> String? {
    if let found = find(name) {
      return found.kind == .style && found.name == name
        ? "'\(name)' is taken for '\(name) style', which the model lists among its styles" : nil
    }
    return
      "'\(name)' is not among the \(objects.count + styles.count) subjects that the model lists "
      + "(`\(["lethe", "show", model].shellCommand)` prints them"
      + (nearest(to: name).map { ", the nearest is '\($0)'" } ?? "")
      + "): the one prompt '\(name)' is forgotten, --kind brings more, and the model's own judge does not know the word"
  }

  /// A sentence on prompts that name no listed subject; nil where each names one.
  package func strangeNote(_ prompts: [String]) -> String? {
    // Captions of a style alone name no object.
    let alone = styles.flatMap { style in
      captions.style.map { captions.fill($0, object: nil, style: style) }
    }
    let strange = prompts.filter { prompt in
      !objects.contains { prompt.mentions($0) } && !alone.contains(prompt)
    }
    guard let first = strange.first else { return nil }
    let names = strange.count == 1 ? "names" : "and \(strange.count - 1) more name"
    return
      "the prompt '\(first)' \(names) none of the \(objects.count) objects in themes.json, the only ones this model was trained on"
  }
}
