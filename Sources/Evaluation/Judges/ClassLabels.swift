internal import Editing
internal import Foundation
package import Torch

/// The labels of a classifier that answer for the classes of a question; several labels of one class add up.
package struct ClassLabels {
  package let classes: [String: [String]]
  /// For each kind, the labels of each class.
  private let labels: [String: [[Int]]]

  /// - Parameter profile: says which labels a name has; nil goes by the words of labels
  package init(_ labels: [String], _ question: JudgeQuestion, _ profile: ClassifierProfile? = nil) {
    var classes: [String: [String]] = [:]
    var places: [String: [[Int]]] = [:]
    for (kind, names) in question.classes {
      let found = names.map { name in
        (
          name,
          profile?.labels(of: name, in: labels)
            ?? Self.labels(of: name, in: labels, apartFrom: names)
        )
      }.filter { !$0.1.isEmpty }
      // A judge without the forgotten subjects has no say on their kind.
      if kind == question.forgotten.kind,
        !found.contains(where: { question.forgotten.names.contains($0.0) })
      {
        continue
      }
      let taken = Set(found.flatMap(\.1))
      // The other labels stay rivals.
      let rest = labels.indices.filter { !taken.contains($0) }
      classes[kind] = found.map(\.0) + rest.map { "label: \(labels[$0])" }
      places[kind] = found.map(\.1) + rest.map { [$0] }
    }
    (self.classes, self.labels) = (classes, places)
  }

  /// A label as words: small letters, spaces for the signs between them.
  static func plain(_ text: String) -> String {
    text.replacing("_", with: " ").replacing("-", with: " ").lowercased()
      .trimmingCharacters(in: .whitespaces)
  }

  /// The labels that name a class: one of a label's synonyms, which commas divide, is the name; else the label mentions
  /// it, as "vincent-van-gogh" does "Van Gogh", and no longer one of the `names` that it is a part of.
  static func labels(
    of name: String, in labels: [String], apartFrom names: [String] = []
  ) -> [Int] {
    let sought = plain(name)
    let exact = labels.indices.filter {
      labels[$0].split(separator: ",").map { plain(String($0)) }.contains(sought)
    }
    guard exact.isEmpty else { return exact }
    let others = names.map(plain)
    return labels.indices.filter { plain(labels[$0]).mentions(sought, apartFrom: others) }
  }

  /// log of the summed probabilities of each class's labels: logits [N, labels] -> [N, classes] of one kind.
  package func logits(_ features: Tensor, _ kind: String) -> Tensor {
    let all = features.logSoftmax(1)
    return Tensor.stack((labels[kind] ?? []).map { all.indexed(1, $0).logSumExp(1) }, 1)
  }
}
