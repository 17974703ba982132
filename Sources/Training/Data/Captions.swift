// What is said about a picture of an object in a style.
import Foundation

/// Captions of object x style data: templates with `{style}`, `{object}` (with its article) and
/// `{name}` (without).
package struct Captions: Codable, Sendable, Hashable {
  package var both = [
    "a {style} emoji of {object}", "{object}, {style} style", "{object} in {style} style",
    "a {style} picture of {object}", "{style} {name}",
  ]
  package var object = ["an emoji of {object}", "a picture of {object}", "{object}", "{name}"]
  package var style = ["a {style} emoji", "a {style} picture", "{style} style"]
  /// Shares of pictures with an empty caption, the object alone, the style alone.
  package var emptyShare = 0.10
  package var objectShare = 0.07
  package var styleShare = 0.03

  package init() {}

  package static func fill(_ template: String, object: String?, style: String?) -> String {
    var text = template
    if let style {
      text = text.replacingOccurrences(of: "{style}", with: style)
      text = text.replacingOccurrences(of: "a \(style)", with: withArticle(style))
    }
    if let object {
      text = text.replacingOccurrences(of: "{object}", with: withArticle(object))
      text = text.replacingOccurrences(of: "{name}", with: object)
    }
    return text
  }

  /// "a fox", "an owl", "grapes".
  package static func withArticle(_ name: String) -> String {
    let plurals = [
      "grapes", "cherries", "scissors", "glasses", "sunglasses", "french fries", "skis",
    ]
    if plurals.contains(name) { return name }
    return ("aeiou".contains(name.lowercased().first ?? " ") ? "an " : "a ") + name
  }

  /// A caption drawn for one training picture.
  package func draw(object name: String, style: String, _ step: Step) -> String {
    let u = step.uniform()
    if u < emptyShare { return "" }
    if u < emptyShare + objectShare {
      return Self.fill(step.choice(object), object: name, style: nil)
    }
    if u < emptyShare + objectShare + styleShare {
      return Self.fill(step.choice(self.style), object: nil, style: style)
    }
    return Self.fill(step.choice(both), object: name, style: style)
  }

  /// Every caption of a pair, for training a tokenizer.
  package func all(object name: String, style: String) -> [String] {
    both.map { Self.fill($0, object: name, style: style) }
      + object.map { Self.fill($0, object: name, style: nil) }
      + self.style.map { Self.fill($0, object: nil, style: style) }
  }
}
