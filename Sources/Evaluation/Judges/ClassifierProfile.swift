internal import Foundation
internal import Torch

/// The labels that a published classifier has for the concepts of a protocol, by name: `classifier:FOLDER@imagenette`.
package struct ClassifierProfile: Sendable {
  package let name: String
  package let title: String
  /// Names of the protocol's concepts, and how a label that stands for each is known.
  private let known: [String: Label]
  /// Labels that the classifier must have.
  private let count: Int

  private enum Label {
    case number(Int)
    case text(String)
  }

  /// A new profile is one line here.
  package static let all = [imagenette, styles, canvasStyles, canvasObjects]

  /// The profile after the last `@` of a judge's argument, and what stands before it.
  /// - Throws: ``LetheError`` of the kind `request` for a name that no profile has
  package static func divide(_ argument: String) throws -> (place: String, profile: Self?) {
    guard let at = argument.lastIndex(of: "@"),
      !FileManager.default.fileExists(atPath: argument)
    else { return (argument, nil) }
    let name = String(argument[argument.index(after: at)...])
    guard let found = all.first(where: { $0.name == name }) else {
      throw LetheError.unknown("profile", name, known: all.map(\.name), in: "--judge")
    }
    return (String(argument[..<at]), found)
  }

  /// - Throws: ``LetheError`` of the kind `request` for a classifier of another number of labels
  package func check(_ labels: [String], _ place: String) throws {
    guard labels.count == count else {
      throw LetheError.badValue(
        "--judge",
        "\(place) has \(labels.count) labels, and the profile '\(name)' (\(title)) is for \(count)")
    }
  }

  /// The labels of a concept; none for a concept that the protocol does not have.
  func labels(of name: String, in labels: [String]) -> [Int] {
    let sought = ClassLabels.plain(name)
    switch known.first(where: { ClassLabels.plain($0.key) == sought })?.value {
    case .number(let place): return labels.indices.contains(place) ? [place] : []
    case .text(let text): return labels.indices.filter { ClassLabels.plain(labels[$0]) == text }
    case nil: return []
    }
  }

  // MARK: - Profiles

  /// Numbers in the order of ImageNet's 1,000 classes.
  private static let imagenette = ClassifierProfile(
    name: "imagenette",
    title: "ESD and SalUn: the ten objects among the 1,000 classes of ImageNet, top-1",
    known: [
      "tench": .number(0), "English springer": .number(217), "cassette player": .number(482),
      "chain saw": .number(491), "church": .number(497), "French horn": .number(566),
      "garbage truck": .number(569), "gas pump": .number(571), "golf ball": .number(574),
      "parachute": .number(701),
    ], count: 1000)

  private static let styles = ClassifierProfile(
    name: "unlearndiffatk-style",
    title: "UnlearnDiffAtk: Van Gogh among the 129 artists of WikiArt, top-1",
    known: ["Van Gogh": .text("vincent van gogh"), "Vincent van Gogh": .text("vincent van gogh")],
    count: 129)

  /// UnlearnCanvas numbers its classes in the order of its lists.
  private static let canvasStyles = ClassifierProfile(
    name: "unlearncanvas-style", title: "UnlearnCanvas: 51 styles",
    known: numbered(Canvas.styles), count: Canvas.styles.count)
  private static let canvasObjects = ClassifierProfile(
    name: "unlearncanvas-object", title: "UnlearnCanvas: 20 objects",
    known: numbered(Canvas.objects), count: Canvas.objects.count)

  private static func numbered(_ names: [String]) -> [String: Label] {
    Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, .number($0)) })
  }
}

/// The subjects of UnlearnCanvas (Zhang et al., NeurIPS 2024), in its order.
package enum Canvas {
  package static let styles = [
    "Abstractionism", "Artist Sketch", "Blossom Season", "Bricks", "Byzantine", "Cartoon",
    "Cold Warm", "Color Fantasy", "Comic Etch", "Crayon", "Cubism", "Dadaism", "Dapple",
    "Defoliation", "Early Autumn", "Expressionism", "Fauvism", "French", "Glowing Sunset",
    "Gorgeous Love", "Greenfield", "Impressionism", "Ink Art", "Joy", "Liquid Dreams",
    "Magic Cube", "Meta Physics", "Meteor Shower", "Monet", "Mosaic", "Neon Lines", "On Fire",
    "Pastel", "Pencil Drawing", "Picasso", "Pop Art", "Red Blue Ink", "Rust", "Seed Images",
    "Sketch", "Sponge Dabbed", "Structuralism", "Superstring", "Surrealism", "Ukiyoe", "Van Gogh",
    "Vibrant Flow", "Warm Love", "Warm Smear", "Watercolor", "Winter",
  ]
  package static let objects = [
    "Architectures", "Bears", "Birds", "Butterfly", "Cats", "Dogs", "Fishes", "Flame", "Flowers",
    "Frogs", "Horses", "Human", "Jellyfish", "Rabbits", "Sandwiches", "Sea", "Statues", "Towers",
    "Trees", "Waterfalls",
  ]
}
