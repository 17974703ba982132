// The captions of a picture of an object in a style.
import Foundation
package import Torch

/// Captions of object x style data: templates with `{style}`, `{object}` (with its article) and
/// `{name}` (without).
public struct Captions: Codable, Sendable, Hashable {
  /// Captions of an object in a style, at least one. Each picture of a step draws one of them.
  public var both = [
    "{object}, {style} style", "{object} in {style} style", "a {style} picture of {object}",
    "{style} {name}",
  ]
  /// Captions of an object alone, at least one. They teach the object apart from the styles.
  public var object = ["a picture of {object}", "{object}", "{name}"]
  /// Captions of a style alone, at least one where there are styles.
  public var style = ["a {style} picture", "{style} style"]
  /// Further wordings of both, which the model understands and no erasure trains on: audits ask in them. None in most
  /// models.
  public var asked: [String]?
  /// Share of pictures, 0 to 1, with an empty caption, which guidance needs.
  public var emptyShare = 0.10
  /// Share of pictures, 0 to 1, whose caption names the object alone.
  public var objectShare = 0.07
  /// Share of pictures, 0 to 1, whose caption names the style alone.
  public var styleShare = 0.03
  /// Names that take no article, e.g. grapes.
  public var plurals: [String] = []

  /// Templates of pictures in a style.
  public init() {}

  /// Files of version 0.1 name no plurals, and no wordings of audits. The shares are for training alone.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    both = try values.decode([String].self, forKey: .both)
    object = try values.decode([String].self, forKey: .object)
    style = try values.decodeIfPresent([String].self, forKey: .style) ?? []
    func share(_ key: CodingKeys, _ usual: Double) throws -> Double {
      try values.decodeIfPresent(Double.self, forKey: key) ?? usual
    }
    emptyShare = try share(.emptyShare, emptyShare)
    objectShare = try share(.objectShare, objectShare)
    styleShare = try share(.styleShare, styleShare)
    plurals = try values.decodeIfPresent([String].self, forKey: .plurals) ?? []
    asked = try values.decodeIfPresent([String].self, forKey: .asked)
  }

  /// Refuses lists without a caption, of which one is needed, and shares that are none. A share may be left out.
  package static func check(_ captions: Checked, hasStyles: Bool) throws {
    for key in ["both", "object"] + (hasStyles ? ["style"] : []) {
      for caption in try captions[key].list(1...10_000, of: "captions") { _ = try caption.string() }
    }
    for key in ["emptyShare", "objectShare", "styleShare"] where !captions[key].isMissing {
      _ = try captions[key].number(0...1)
    }
  }

  /// A template with an object and a style in their places, and with the articles that they take.
  public func fill(_ template: String, object: String?, style: String?) -> String {
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

  /// The name with its article; plurals stay as they are.
  public func withArticle(_ name: String) -> String { Self.withArticle(name, plurals: plurals) }

  /// "a fox", "an owl"; plurals stay as they are.
  public static func withArticle(_ name: String, plurals: [String]) -> String {
    if plurals.contains(name) { return name }
    return ("aeiou".contains(name.lowercased().first ?? " ") ? "an " : "a ") + name
  }

  /// A caption drawn for one training picture.
  package func draw(object name: String, style: String, _ step: Step) -> String {
    let u = step.uniform()
    if u < emptyShare { return "" }
    if u < emptyShare + objectShare {
      return fill(step.choice(object), object: name, style: nil)
    }
    if u < emptyShare + objectShare + styleShare {
      return fill(step.choice(self.style), object: nil, style: style)
    }
    return fill(step.choice(both), object: name, style: style)
  }

  /// Every caption of a pair, for training a tokenizer.
  public func all(object name: String, style: String) -> [String] {
    both.map { fill($0, object: name, style: style) }
      + object.map { fill($0, object: name, style: nil) }
      + self.style.map { fill($0, object: nil, style: style) }
  }
}
