package import Diffusion
internal import Editing
internal import Foundation
package import Torch

/// An image classifier of transformers. Its labels answer for the question's classes; several labels of one class add
/// up.
package final class ClassifierJudge: Judge {
  package static let scheme = "classifier"
  package static let title =
    "a ViT, ResNet or ConvNext classifier of transformers, with its labels; @PROFILE after it for "
    + ClassifierProfile.all.map(\.name).joined(separator: ", ")
  package static let argument = JudgeArgument.folder
  package static let hasDistances = true

  package var classes: [String: [String]] { answers.classes }
  package let about: JudgeDescription
  private let classifier: ImageClassifier
  private let answers: ClassLabels

  package init(
    _ classifier: ImageClassifier, _ question: JudgeQuestion, _ settings: JSON? = nil,
    name: String, hash: String, profile: ClassifierProfile? = nil
  ) {
    self.classifier = classifier
    answers = ClassLabels(classifier.labels, question, profile)
    var about = JudgeDescription(name, Self.scheme)
    about.sees =
      profile?.title
      ?? "the most likely of \(classifier.labels.count.counted("label")) (\(classifier.architecture))"
    about.preprocessing = classifier.preprocessor.compact
    about.hash = hash
    about.add(settings)
    self.about = about
  }

  /// The files that decide its answers.
  private static let files = [
    "config.json", "preprocessor_config.json", "judge.json", "model.safetensors",
    "model.safetensors.index.json",
  ]

  package static func open(
    _ argument: String, asked question: JudgeQuestion, on device: Device
  ) throws -> any Judge {
    let (place, profile) = try ClassifierProfile.divide(argument)
    let folder = place.filePlace
    let classifier = try ImageClassifier(folder, on: device)
    try profile?.check(classifier.labels, place)
    let judge = try ClassifierJudge(
      classifier, question, JudgeDescription.settings(in: folder), name: argument.fileName,
      hash: folder.sha256(of: files), profile: profile)
    try judge.check(question, "\(scheme):\(argument)")
    return judge
  }

  package func features(_ pictures: Tensor, of files: [String]) throws -> Tensor {
    classifier.logits(classifier.processor(pictures)).to(.cpu)
  }

  package func logits(_ features: Tensor, _ kind: String) -> Tensor {
    answers.logits(features, kind)
  }
}
