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
  package init(folder: URL, objects chosen: [String]?, styles: [String]) throws {
    let list = folder.appendingPathComponent("objects.jsonl")
    guard FileManager.default.fileExists(atPath: list.path) else {
      throw LetheError.unreadable(list, "it does not exist; `scripts/emoji-dataset` makes it")
    }
    let text = try InputFile.text(list)
    var files: [String: String] = [:]
    var names: [String] = []
    for (number, line) in text.split(separator: "\n").enumerated() {
      guard let entry = try? JSONDecoder().decode(JSON.self, from: Data(line.utf8)),
        let name = entry["object"]?.string, let file = entry["file"]?.string
      else { throw LetheError.wrong(list, "line \(number + 1) names no object and file") }
      files[name] = file
      names.append(name)
    }
    let missing = (chosen ?? []).filter { files[$0] == nil }
    guard missing.isEmpty else {
      throw LetheError.wrong(list, "it has no object '\(missing[0])'")
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
    let images = try pictures.map { try PNG.read($0.file) }
    guard let first = images.first,
      images.allSatisfy({ $0.width == first.width && $0.height == first.height })
    else { throw LetheError.model("the pictures of the data set are not all of one size") }
    return Image.batch(images)
  }
}
