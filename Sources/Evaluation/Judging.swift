package import Foundation
package import Torch

extension JudgeNetwork {
  /// The judge's answers for pictures, computed 64 at a time.
  /// - Parameters:
  ///   - pictures: [N, 3, H, W], values in [-1, 1]
  ///   - asked: N dictionaries: the subjects that each picture was asked to show, by kind
  /// - Returns: features [N, D], first choices and probabilities in the order of the pictures
  package func judged(_ pictures: Tensor, asked: [[String: String]]) -> JudgedSet {
    let features = withoutGradients {
      Tensor.concatenate(
        stride(from: 0, to: pictures.size(0), by: 64).map {
          self.features(pictures.narrowed(0, $0, min(64, pictures.size(0) - $0)))
        })
    }
    var seen = [[String: String]](repeating: [:], count: asked.count)
    var beliefs = [[String: [String: Double]]](repeating: [:], count: asked.count)
    for (kind, classes) in card.heads {
      let logits = withoutGradients { self.logits(features, kind) }
      for (i, answer) in logits.argmax(1).ints.enumerated() { seen[i][kind] = classes[answer] }
      let rows = logits.inFloat64().softmax(1).doubles.chunked(classes.count)
      for (i, row) in rows.enumerated() {
        beliefs[i][kind] = Dictionary(uniqueKeysWithValues: zip(classes, row))
      }
    }
    return JudgedSet(asked: asked, seen: seen, features: features, beliefs: beliefs)
  }

  /// What the judge sees in a set's pictures, and how many of them it is not asked about, because they have no finite
  /// numbers.
  package func judged(_ set: SampleSet) throws -> (seen: JudgedSet, broken: Int) {
    let (whole, broken) = try set.parted()
    guard !whole.isEmpty else {
      let features = Tensor.zeros([0, card.widths.last ?? 0])
      return (JudgedSet(asked: [], seen: [], features: features), broken.count)
    }
    return (judged(try set.load(whole), asked: whole.map(\.subjects)), broken.count)
  }

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

extension Array {
  fileprivate func chunked(_ size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
