internal import Diffusion
package import Foundation
package import Torch

/// Objects drawn in several styles: `FOLDER/<style>/<file>.png` and `FOLDER/objects.jsonl`, as
/// `scripts/emoji-dataset` writes them.
package struct StyledObjects {
  package struct Picture: Sendable {
    package var object: Int
    package var style: Int
    package var file: URL
  }
  package let objects: [String]
  package let styles: [String]
  /// Every object in every style, objects first.
  package let pictures: [Picture]

  /// - Parameter chosen: names of objects, or nil for all
  /// - Throws: ``LetheError`` for a list that cannot be read, a name that it does not have, and a name that comes twice
  package init(folder: URL, objects chosen: [String]?, styles: [String]) throws {
    let list = folder.appendingPathComponent("objects.jsonl")
    guard FileManager.default.fileExists(atPath: list.path) else {
      throw LetheError.unreadable(list, "it does not exist; `scripts/emoji-dataset` makes it")
    }
    let text = try InputFile.text(list)
    var files: [String: String] = [:]
    var names: [String] = []
    for (number, line) in text.split(separator: "\n").enumerated() {
      guard let entry = try? JSONText.value(Data(line.utf8)),
        let name = entry["object"]?.string, let file = entry["file"]?.string
      else {
        throw LetheError.wrong(
          list,
          "line \(number + 1) names no object and file; accepted: an object with both, as texts")
      }
      guard files.updateValue(file, forKey: name) == nil else {
        throw LetheError.wrong(
          list, "line \(number + 1) names '\(name)' again; accepted: every name once")
      }
      names.append(name)
    }
    let missing = (chosen ?? []).filter { files[$0] == nil }
    guard missing.isEmpty else {
      throw LetheError.wrong(list, "it has no object '\(missing[0])'")
    }
    for (key, chosen) in [("data.objects", chosen ?? names), ("data.styles", styles)] {
      guard !chosen.isEmpty else {
        throw LetheError.badValue(key, "it is empty; accepted: a name at least")
      }
      if let twice = chosen.firstRepeated {
        throw LetheError.badValue(key, "'\(twice)' comes twice; accepted: each name once")
      }
    }
    objects = chosen ?? names
    self.styles = styles
    pictures = try objects.enumerated().flatMap { i, name in
      try styles.indices.map {
        let place = folder.appendingPathComponent(styles[$0])
        return Picture(
          object: i, style: $0,
          file: try place.inside(files[name] ?? "", "file", of: list, followingLinks: true))
      }
    }
  }

  /// The same data without some objects.
  package func without(_ names: [String]) -> StyledObjects {
    let gone = Set(names)
    let kept = objects.enumerated().filter { !gone.contains($0.element) }
    let place = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1.offset, $0) })
    return StyledObjects(
      objects: kept.map(\.element), styles: styles,
      pictures: pictures.compactMap { p in
        place[p.object].map { Picture(object: $0, style: p.style, file: p.file) }
      })
  }

  private init(objects: [String], styles: [String], pictures: [Picture]) {
    (self.objects, self.styles, self.pictures) = (objects, styles, pictures)
  }

  /// All pictures [N, 3, H, W] in [-1, 1], in the order of ``pictures``.
  package func load() throws -> Tensor {
    let images = try pictures.map {
      try Interrupt.check()
      return try PNG.read($0.file)
    }
    guard let first = images.first else {
      throw LetheError.model("the data set has no pictures")
    }
    for (image, picture) in zip(images, pictures)
    where image.width != first.width || image.height != first.height {
      throw LetheError.wrong(
        picture.file,
        "it is \(image.width) x \(image.height) pixels; accepted: \(first.width) x \(first.height), as the others"
      )
    }
    return Image.batch(images)
  }
}

extension Sequence where Element: Hashable {
  /// The first element that equals an earlier one.
  package var firstRepeated: Element? {
    var seen: Set<Element> = []
    return first { !seen.insert($0).inserted }
  }
}
