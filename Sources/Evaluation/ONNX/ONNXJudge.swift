internal import Diffusion
internal import Editing
package import Foundation
package import Torch

/// A classifier or a detector that was exported to ONNX. A detector gives [N, 4 + K, A], a box and K scores for each of A
/// places, as ultralytics writes it; a picture's score of a label is the maximum over A. Beside the file lie `preprocessor_config.json` as transformers has it, the
/// labels in `config.json` (`id2label`), in `labels.txt` (one a line) or in the file's own metadata, and perhaps
/// `judge.json` with `channels` (rgb, bgr), `layout` (NCHW, NHWC), `answers` (logits, probabilities, boxes) and `threshold`,
/// the score below which a detector found nothing.
package final class ONNXJudge: Judge {
  package static let scheme = "onnx"
  package static let title = "a classifier or detector that was exported to ONNX, with its labels"
  package static let argument = JudgeArgument.file()

  package var classes: [String: [String]] { answers.classes }
  package let about: JudgeDescription
  private let network: ONNXNetwork
  private let answers: ClassLabels
  private let processor: PictureProcessor
  private let settings: JSON
  private let count: Int
  /// The score that a detection needs; nil for a classifier.
  private let floor: Double?
  /// The answer of a detector that finds none of its labels.
  static let nothing = "nothing found"
  private static let usualFloor = 0.25

  init(
    _ file: URL, _ question: JudgeQuestion, profile: ClassifierProfile?, name: String
  ) throws {
    let folder = file.deletingLastPathComponent()
    func json(_ name: String) throws -> JSON? {
      let file = folder.appendingPathComponent(name)
      return FileManager.default.fileExists(atPath: file.path) ? try JSON(contentsOf: file) : nil
    }
    network = try ONNXNetwork(contentsOf: file)
    let labels = try Self.labels(network, beside: file)
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
    let isDetector = try Self.isDetector(network, processor, settings)
    floor = isDetector ? settings["threshold"]?.number ?? Self.usualFloor : nil
    answers = ClassLabels(labels + (isDetector ? [Self.nothing] : []), question, profile)
    count = labels.count
    var about = JudgeDescription(name, Self.scheme)
    about.sees =
      profile?.title
      ?? (isDetector
        ? "the label of \(labels.count) with the highest score at any place"
        : "the most likely of \(labels.count.counted("label"))")
    about.preprocessing = preprocessor.compact
    about.hash = folder.sha256(of: [
      file.lastPathComponent, "config.json", "labels.txt", "preprocessor_config.json", "judge.json",
    ])
    about.add(settings)
    about.threshold = floor ?? about.threshold
    self.about = about
  }

  /// Whether the graph gives boxes: `answers` says so, else the shape of its output for an empty picture.
  private static func isDetector(
    _ network: ONNXNetwork, _ processor: PictureProcessor, _ settings: JSON
  ) throws -> Bool {
    if let said = settings["answers"]?.string { return said == "boxes" }
    let side = 224
    let grey = Tensor.zeros([1, 3, side, side])
    return try withoutGradients { try output(network, processor(grey), settings) }?.rank == 3
  }

  private static func output(
    _ network: ONNXNetwork, _ pixels: Tensor, _ settings: JSON
  ) throws -> Tensor? {
    var pixels = pixels
    if settings["channels"]?.string == "bgr" { pixels = pixels.flipped(1) }
    if settings["layout"]?.string == "NHWC" { pixels = pixels.permuted(0, 2, 3, 1).contiguous() }
    return try network(pixels).first
  }

  package static func open(
    _ argument: String, asked question: JudgeQuestion, on device: Device
  ) throws -> any Judge {
    let (place, profile) = try ClassifierProfile.divide(argument)
    let file = place.filePlace
    let judge = try ONNXJudge(
      file, question, profile: profile, name: argument.fileName)
    try judge.check(question, "\(scheme):\(argument)")
    return judge
  }

  /// The labels of a graph, from the files beside it or its own metadata.
  /// - Throws: ``LetheError`` of the kind `model` for files that cannot be read
  package static func labels(_ network: ONNXNetwork, beside file: URL) throws -> [String] {
    let folder = file.deletingLastPathComponent()
    let written = folder.appendingPathComponent("config.json")
    let config =
      FileManager.default.fileExists(atPath: written.path) ? try JSON(contentsOf: written) : nil
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
    let found = try Self.output(network, processor(pictures), settings)
    if let floor { return try scores(found, pictures.size(0), floor) }
    guard let found, found.shape == [pictures.size(0), count] else {
      throw LetheError.model("\(about.name) gives no row of \(count) numbers for each picture")
    }
    let isShare = settings["answers"]?.string == "probabilities"
    return isShare ? found.to(.float32).clamped(1e-12, nil).log() : found.to(.float32)
  }

  /// log of each label's highest score over all places, and of the score that a detection needs: [N, K + 1].
  private func scores(_ found: Tensor?, _ n: Int, _ floor: Double) throws -> Tensor {
    guard let found, found.rank == 3, found.size(0) == n, found.size(1) == 4 + count,
      found.size(2) > 0
    else {
      throw LetheError.model(
        "\(about.name) gives no [\(n), \(4 + count), A], a box and \(count) scores for each place")
    }
    let best = found.to(.float32).narrowed(1, 4, count).max(2)
    return Tensor.concatenate([best, Tensor.full([n, 1], floor)], 1).clamped(1e-12, nil).log()
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
