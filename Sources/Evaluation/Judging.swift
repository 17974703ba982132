package import Foundation
internal import Torch

extension JudgeNetwork {
  /// The judge's features of real pictures, from `reference.safetensors` in `folder`. The file has `features` [N, D]
  /// and `subjects` [N, kinds], one class number a kind.
  /// - Returns: nil where the file is missing
  /// - Throws: ``LetheError`` of the kind `model` for a file that does not fit the judge
  package func reference(in folder: URL) throws -> JudgedSet? {
    let file = folder.appendingPathComponent("reference.safetensors")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let stored = try SafeTensors(contentsOf: file, finite: true).tensors
    let (kinds, width) = (card.kinds, card.widths.last ?? 0)
    guard let features = stored["features"], let subjects = stored["subjects"],
      features.rank == 2, features.size(0) > 0, features.size(1) == width,
      features.dtype.isFloatingPoint, subjects.shape == [features.size(0), kinds.count],
      subjects.dtype == .int64
    else {
      throw LetheError.malformed(
        file,
        "tensors 'features' [N, \(width)] of floating-point numbers and 'subjects' [N, \(kinds.count)] of int64 are "
          + "needed, with N at least 1")
    }
    let asked = try subjects.ints.chunked(kinds.count).map { row in
      try zip(kinds, row).reduce(into: [String: String]()) { asked, subject in
        let classes = card.heads[subject.0] ?? []
        guard classes.indices.contains(subject.1) else {
          throw LetheError.malformed(
            file,
            "'subjects' has the \(subject.0) \(subject.1); accepted: 0 to \(classes.count - 1)")
        }
        asked[subject.0] = classes[subject.1]
      }
    }
    return JudgedSet(asked: asked, seen: asked, features: features.to(.float32))
  }
}
