internal import Diffusion
internal import Editing
internal import Foundation
package import Torch

/// A classifier that was exported to ONNX. Beside the file lie `preprocessor_config.json` as transformers has it, the
/// labels in `config.json` (`id2label`), in `labels.txt` (one a line) or in the file's own metadata, and perhaps
/// `judge.json` with `channels` (rgb, bgr), `layout` (NCHW, NHWC) and `answers` (logits, probabilities).
package final class ONNXJudge: Judge {
  package static let scheme = "onnx"
  package static let title = "a classifier that was exported to ONNX, with its labels"
  package static let argument = JudgeArgument.file()

  package var classes: [String: [String]] { answers.classes }
  package let about: JudgeDescription
  private let network: ONNXNetwork
  private let answers: ClassLabels
  private let processor: PictureProcessor
  private let settings: JSON
  private let count: Int

  init(
    _ file: URL, _ question: JudgeQuestion, profile: ClassifierProfile?, name: String
  ) throws {
    let folder = file.deletingLastPathComponent()
    func json(_ name: String) throws -> JSON? {
      let file = folder.appendingPathComponent(name)
      return FileManager.default.fileExists(atPath: file.path) ? try JSON(contentsOf: file) : nil
    }
    network = try ONNXNetwork(contentsOf: file)
    let labels = try Self.labels(network, json("config.json"), folder)
    guard labels.count > 1 else {
      throw LetheError.badValue(
        "--judge",
        "\(file.path) has no labels; accepted: config.json with id2label, labels.txt, or the metadata 'names'"
      )
    }
    try profile?.check(labels, file.path)
    guard let preprocessor = try json("preprocessor_config.json") else {
      throw LetheError.badValue(
        "--judge",
        "\(folder.path) has no preprocessor_config.json, which says how pictures are resized")
    }
    processor = try PictureProcessor(preprocessor)
    settings = try json("judge.json") ?? .object([:])
    answers = ClassLabels(labels, question, profile)
    count = labels.count
    var about = JudgeDescription(name, Self.scheme)
    about.sees = profile?.title ?? "the most likely of \(labels.count.counted("label"))"
    about.preprocessing = preprocessor.compact
    about.hash = folder.sha256(of: [
      file.lastPathComponent, "config.json", "labels.txt", "preprocessor_config.json", "judge.json",
    ])
    about.add(settings)
    self.about = about
  }

  package static func open(
    _ argument: String, asked question: JudgeQuestion, on device: Device
  ) throws -> any Judge {
    let (place, profile) = try ClassifierProfile.divide(argument)
    let file = place.filePlace
    let judge = try ONNXJudge(
      file, question, profile: profile, name: argument.fileName)
    try judge.check(question.forgotten, "\(scheme):\(argument)")
    return judge
  }

  private static func labels(_ network: ONNXNetwork, _ config: JSON?, _ folder: URL) throws
    -> [String]
  {
    let named = (config?["id2label"]?.members ?? [:]).compactMap { key, value in
      Int(key).flatMap { id in value.string.map { (id, $0) } }
    }.sorted { $0.0 < $1.0 }
    if !named.isEmpty { return named.map(\.1) }
    let file = folder.appendingPathComponent("labels.txt")
    if FileManager.default.fileExists(atPath: file.path) {
      return try InputFile.text(file).split(whereSeparator: \.isNewline).map(String.init)
    }
    return network.labels
  }

  package func features(_ pictures: Tensor, of files: [String]) throws -> Tensor {
    var pixels = processor(pictures)
    if settings["channels"]?.string == "bgr" { pixels = pixels.flipped(1) }
    if settings["layout"]?.string == "NHWC" { pixels = pixels.permuted(0, 2, 3, 1).contiguous() }
    guard let found = try network(pixels).first, found.shape == [pictures.size(0), count] else {
      throw LetheError.model("\(about.name) gives no row of \(count) numbers for each picture")
    }
    let isShare = settings["answers"]?.string == "probabilities"
    return isShare ? found.to(.float32).clamped(1e-12, nil).log() : found.to(.float32)
  }

  package func logits(_ features: Tensor, _ kind: String) -> Tensor {
    answers.logits(features, kind)
  }
}

extension ONNXNetwork {
  /// The labels of the metadata: `names`, a dictionary of Python's as ultralytics writes it.
  package var labels: [String] {
    let text = metadata["names"] ?? ""
    let found = text.matches(of: /(\d+):\s*['"]([^'"]*)['"]/).compactMap { match in
      Int(match.1).map { ($0, String(match.2)) }
    }.sorted { $0.0 < $1.0 }
    return found.map(\.0) == Array(0..<found.count) ? found.map(\.1) : []
  }
}
