package import Diffusion
internal import Editing
package import Foundation
package import Torch

/// An image classifier of transformers. Its labels answer for the question's classes; several labels of one class add up.
package final class ClassifierJudge: Judge {
  package static let scheme = "classifier"
  package static let title = "a ViT, ResNet or ConvNext classifier of transformers, with its labels"
  package static let argument: String? = "FOLDER"

  package let classes: [String: [String]]
  package let about: JudgeDescription
  private let classifier: ImageClassifier
  /// For each kind, the labels of each class.
  private let labels: [String: [[Int]]]

  package init(_ classifier: ImageClassifier, _ question: JudgeQuestion, name: String, hash: String)
  {
    self.classifier = classifier
    var classes: [String: [String]] = [:]
    var labels: [String: [[Int]]] = [:]
    for (kind, names) in question.classes {
      let found = names.map { ($0, Self.labels(of: $0, in: classifier.labels)) }
        .filter { !$0.1.isEmpty }
      let taken = Set(found.flatMap(\.1))
      // The other labels stay rivals.
      let rest = classifier.labels.indices.filter { !taken.contains($0) }
      classes[kind] = found.map(\.0) + rest.map { "label: \(classifier.labels[$0])" }
      labels[kind] = found.map(\.1) + rest.map { [$0] }
    }
    (self.classes, self.labels) = (classes, labels)
    var about = JudgeDescription(name, Self.scheme)
    about.sees = "the most likely of \(classifier.labels.count) labels (\(classifier.architecture))"
    about.hash = hash
    self.about = about
  }

  package static func open(
    _ argument: String, asked question: JudgeQuestion, on device: Device
  ) throws -> any Judge {
    let folder = URL(fileURLWithPath: argument)
    let judge = ClassifierJudge(
      try ImageClassifier(folder, on: device), question, name: folder.lastPathComponent,
      hash: folder.sha256(of: ["config.json", "preprocessor_config.json", "model.safetensors"]))
    try judge.check(question.forgotten, "\(scheme):\(argument)")
    return judge
  }

  /// The labels that name a class: one of a label's synonyms, which commas divide, is the name; else the label mentions
  /// it, as "vincent-van-gogh" does "Van Gogh".
  static func labels(of name: String, in labels: [String]) -> [Int] {
    func plain(_ text: String) -> String {
      text.replacing("_", with: " ").replacing("-", with: " ").lowercased()
        .trimmingCharacters(in: .whitespaces)
    }
    let sought = plain(name)
    let exact = labels.indices.filter {
      labels[$0].split(separator: ",").map { plain(String($0)) }.contains(sought)
    }
    return exact.isEmpty ? labels.indices.filter { plain(labels[$0]).mentions(sought) } : exact
  }

  package func features(_ pictures: Tensor, of files: [String]) throws -> Tensor {
    classifier.logits(classifier.processor(pictures)).to(.cpu)
  }

  /// log of the summed probabilities of each class's labels.
  package func logits(_ features: Tensor, _ kind: String) -> Tensor {
    let all = features.logSoftmax(1)
    return Tensor.stack(
      (labels[kind] ?? []).map { all.indexed(1, $0).logSumExp(1) }, 1)
  }
}
