// transformers' image classifiers: a folder with `config.json`, `preprocessor_config.json` and `model.safetensors`.
package import Foundation
package import Torch
package import TorchNN

/// A network that gives a logit for each of its labels.
package protocol ClassifierNetwork: AnyObject {
  /// The class of transformers, e.g. `ViTForImageClassification`.
  static var architecture: String { get }
  /// - Parameter labels: the number of logits
  init(_ s: Scope, _ config: ComponentConfig, labels: Int) throws
  /// Pixels of a side that the network takes.
  var sides: ClosedRange<Int> { get }
  /// Pixel values [N, 3, H, W] -> logits [N, labels]
  func callAsFunction(_ pixels: Tensor) -> Tensor
  /// The path that the network claims a tensor of the file by.
  static func path(_ name: String) -> String
}

extension ClassifierNetwork {
  package static func path(_ name: String) -> String { name }
}

/// A classifier with its labels and its pre-processing.
package final class ImageClassifier {
  /// Labels in the order of the logits, as `id2label` has them.
  package let labels: [String]
  package let processor: PictureProcessor
  /// `preprocessor_config.json`
  package let preprocessor: JSON
  package let architecture: String
  private let network: any ClassifierNetwork
  private let device: Device

  /// Networks by their class of transformers.
  private static var networks: [any ClassifierNetwork.Type] {
    [ViTClassifier.self, ResNetClassifier.self, ConvNextClassifier.self]
  }

  /// Reads a folder of transformers. Weights that are no finite numbers are refused.
  /// - Throws: ``LetheError`` of the kind `model` for files that are missing, damaged or not supported
  package init(_ folder: URL, on device: Device = .cpu) throws {
    let json = try JSON(contentsOf: folder.appendingPathComponent("config.json"))
    let name = json["architectures"]?.array?.first?.string ?? "missing"
    guard let type = Self.networks.first(where: { $0.architecture == name }) else {
      throw LetheError.unsupported(
        "\(folder.path): architecture '\(name)'; supported: "
          + Self.networks.map { $0.architecture }.joined(separator: ", "))
    }
    // Keys are numbers as text.
    let named = (json["id2label"]?.members ?? [:]).compactMap { key, value in
      Int(key).flatMap { id in value.string.map { (id, $0) } }
    }.sorted { $0.0 < $1.0 }
    guard !named.isEmpty, named.map(\.0) == Array(0..<named.count) else {
      throw LetheError.malformed(
        folder.appendingPathComponent("config.json"),
        "id2label does not name the labels 0, 1, and so on")
    }
    labels = named.map(\.1)
    let described = folder.appendingPathComponent("preprocessor_config.json")
    preprocessor = try JSON(contentsOf: described)
    processor = try PictureProcessor(preprocessor, of: described.path)
    let tensors = try SafeTensors.load(ComponentFolder.weights(in: folder), finite: true)
    let store = ParameterStore(
      .tensors(
        Dictionary(
          tensors.map { (ParameterPath(type.path($0)), $1) }, uniquingKeysWith: { a, _ in a })),
      on: device)
    network = try type.init(
      store.root, ComponentConfig(folder.appendingPathComponent("config.json").path, json),
      labels: labels.count)
    (architecture, self.device) = (name, device)
    let sides = network.sides
    guard processor.size.map({ $0.allSatisfy(sides.contains) }) ?? (sides.lowerBound == 1) else {
      throw LetheError.malformed(
        described,
        "it makes pictures of \(processor.size.map { "\($0[0]) x \($0[1])" } ?? "any number of") pixels; accepted: sides of "
          + "\(sides.lowerBound) to \(sides.upperBound), which the network takes")
    }
    try store.check {
      $0.name.hasSuffix("num_batches_tracked") || $0.name.hasPrefix("vit.pooler")
    }
  }

  /// Pixel values [N, 3, H, W] -> logits [N, labels]
  package func logits(_ pixels: Tensor) -> Tensor { network(pixels.to(device)) }
}
