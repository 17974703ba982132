package import Foundation
package import Torch

extension JudgeNetwork {
  /// The judge's features of real pictures, from `reference.safetensors` in `folder`. The file has `features` [N, D]
  /// and `subjects` [N, kinds], one class number a kind.
  /// - Returns: nil where the file is missing
  /// - Throws: ``LetheError`` of the kind `model` for a file that does not fit the judge
  package func reference(in folder: URL) throws -> JudgedSet? {
    let file = folder.appendingPathComponent("reference.safetensors")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let stored = try SafeTensors(contentsOf: file, finite: true).tensors
    guard let features = stored["features"], let subjects = stored["subjects"],
      subjects.shape == [features.size(0), card.kinds.count]
    else {
      throw LetheError.malformed(
        file, "tensors 'features' [N, D] and 'subjects' [N, \(card.kinds.count)] are needed")
    }
    let kinds = card.kinds
    let asked = subjects.ints.chunked(kinds.count).map { row in
      Dictionary(
        uniqueKeysWithValues: zip(kinds, row).map { ($0, card.heads[$0]?[$1] ?? "") })
    }
    return JudgedSet(asked: asked, seen: asked, features: features.to(.float32))
  }
}
