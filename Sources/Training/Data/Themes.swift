public import Foundation
public import Torch

/// The subjects that a model knows and the captions that ask for them: the kinds it was trained on (objects, styles),
/// and the captions. `themes.json` in a model's folder; UnlearnCanvas calls each subject a theme. A model with
/// classes has no styles, and its captions are the classes' names.
public struct Themes: Codable, Sendable, Hashable {
  /// Names of objects, or of classes.
  public var objects: [String]
  /// Names of styles; empty for a model with classes.
  public var styles: [String]
  /// The templates of captions.
  public var captions = Captions()
  /// Folder of the judge that knows these themes, relative to the model's folder; empty for none.
  public var judge = ""

  /// The themes of a model of objects in styles.
  public init(objects: [String], styles: [String], judge: String) {
    (self.objects, self.styles, self.judge) = (objects, styles, judge)
  }

  /// The themes of a model with classes.
  public init(classes: [String], judge: String) {
    self.init(objects: classes, styles: [], judge: judge)
    (captions.both, captions.object, captions.style) = (["{name}"], ["{name}"], [])
  }

  /// A file may name no judge.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    objects = try values.decode([String].self, forKey: .objects)
    styles = try values.decodeIfPresent([String].self, forKey: .styles) ?? []
    captions = try values.decode(Captions.self, forKey: .captions)
    judge = try values.decodeIfPresent(String.self, forKey: .judge) ?? ""
  }

  /// The themes of a model's folder; nil where it has no `themes.json`.
  /// - Throws: ``LetheError`` of the kind `model` for a file that is damaged or has no names
  public static func load(_ model: URL) throws -> Themes? {
    let file = model.appendingPathComponent("themes.json")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let checked = try Checked(contentsOf: file)
    let themes: Themes = try checked.decoded()
    _ = try checked["objects"].names(1...100_000, of: "objects")
    if !checked["styles"].isMissing {
      _ = try checked["styles"].names(0...100_000, of: "styles")
    }
    try Captions.check(checked["captions"], hasStyles: !themes.styles.isEmpty)
    return themes
  }

  /// The kinds of themes.
  public enum Kind: String, Choice { case object, style }

  /// Finds "fox" among the objects, "symbola" or "symbola style" among the styles. Capital letters make no other name, where the model
  /// does not list both.
  public func find(_ name: String) -> (kind: Kind, name: String)? {
    if let found = exact(name) { return found }
    let small = name.lowercased()
    if let object = objects.first(where: { $0.lowercased() == small }) { return (.object, object) }
    let style = Self.withoutWord(small)
    return styles.first { $0.lowercased() == style }.map { (.style, $0) }
  }

  private func exact(_ name: String) -> (kind: Kind, name: String)? {
    if objects.contains(name) { return (.object, name) }
    let style = Self.withoutWord(name)
    return styles.contains(style) ? (.style, style) : nil
  }

  private static let word = " style"
  private static func withoutWord(_ name: String) -> String {
    name.hasSuffix(word) ? String(name.dropLast(word.count)) : name
  }

  /// The spelling of the list for a name: "fox" for "Fox", "symbola style" for "Symbola Style"; nil for a name that is not listed.
  public func spelled(_ name: String) -> String? {
    guard let found = find(name) else { return nil }
    let hasWord = found.kind == .style && name.lowercased().hasSuffix(Self.word)
    return found.name + (hasWord && !found.name.lowercased().hasSuffix(Self.word) ? Self.word : "")
  }

  /// The themes without the caption that pictures are judged with, where there are others. A training may see these.
  package var withoutJudgedCaption: Themes {
    var themes = self
    if captions.both.count > 1 { themes.captions.both.removeFirst() }
    return themes
  }

  /// Every caption of every pair.
  public var allPrompts: [String] {
    captions.both.flatMap { template in
      pairs.map { captions.fill(template, object: $0.object, style: $0.style) }
    }
  }

  /// Every object in every style; alone where there are none.
  public var pairs: [(object: String, style: String?)] {
    objects.flatMap { object in
      styles.isEmpty ? [(object, nil)] : styles.map { (object, $0) }
    }
  }

  /// The subjects that a picture of a pair is asked to show, by kind.
  public static func subjects(_ object: String, _ style: String?) -> [String: String] {
    var subjects = ["object": object]
    subjects["style"] = style
    return subjects
  }

  /// The caption that pictures are judged with.
  public func prompt(object: String, style: String?) -> String {
    captions.fill(captions.both[0], object: object, style: style)
  }
}
