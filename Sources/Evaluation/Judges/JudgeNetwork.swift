// A small residual network with one answer for each kind of subject (He et al., CVPR 2016).
internal import Editing
package import Foundation
package import Torch
package import TorchNN
import Training

/// A convolutional trunk with one linear head a kind of subject: pictures [N, 3, 64, 64] -> features [N, 128] ->
/// logits [N, classes].
package final class JudgeNetwork {
  /// The file `judge.json`: the network's shape and its measurements.
  package struct Card: Codable, Sendable, Hashable {
    /// The classes of each kind of subject, e.g. object: [fox, cat, ...].
    package var heads: [String: [String]]
    /// Channels of the stem and of each block.
    package var widths = [24, 48, 96, 128]
    /// Width and height of the pictures in pixels.
    package var size = 64
    /// Measurements of the judge, and the pictures that they come from.
    package var measured: [String: JSON] = [:]
    /// The kinds of things it sees, in words; nil where nobody wrote them.
    package var sees: String?
    /// The licence of its weights; nil where nobody wrote it.
    package var licence: String?
    /// The probability that a success needs; nil where the first choice counts.
    package var threshold: Double?
    /// The recipe and the pictures that it was made by; nil where nobody wrote them.
    package var origin: String?

    package init(heads: [String: [String]]) { self.heads = heads }

    /// The kinds of subject that it judges, in alphabetical order.
    package var kinds: [String] { heads.keys.sorted() }
  }
  package let card: Card
  package let parameters: ParameterStore
  /// The name of its folder; empty for one that was not read.
  package private(set) var name = ""
  /// SHA-256 of its files; empty for one that was not read.
  private(set) var hash = ""
  let device: Device
  private let stem: Conv2d
  private let norm: BatchNorm2d
  private let blocks: [ResidualBlock]
  private let heads: [String: Linear]

  package init(_ card: Card, _ source: ParameterStore.Source, on device: Device = .cpu) throws {
    let store = ParameterStore(source, on: device)
    let s = store.root
    let widths = card.widths
    stem = Conv2d(s["stem"], 3, widths[0], kernel: 3, padding: 1, bias: false)
    norm = BatchNorm2d(s["norm"], widths[0])
    blocks = (1..<widths.count).map {
      ResidualBlock(s["blocks"][$0 - 1], widths[$0 - 1], widths[$0])
    }
    heads = Dictionary(
      uniqueKeysWithValues: card.heads.keys.sorted().map {
        ($0, Linear(s["heads"][$0], widths[widths.count - 1], card.heads[$0]?.count ?? 0))
      })
    (self.card, parameters, self.device) = (card, store, device)
    try store.check()
  }

  /// The features of pictures: x [N, 3, H, W] in [-1, 1] -> [N, 128].
  /// - Parameter training: whether batch normalization takes the batch's own statistics
  package func features(_ x: Tensor, training: Bool = false) -> Tensor {
    maps(x, training: training)[blocks.count].mean(2, 3)
  }

  /// The outputs of the stem and of each block: [N, widths[i], H / 2^i, W / 2^i].
  package func maps(_ x: Tensor, training: Bool = false) -> [Tensor] {
    blocks.reduce(into: [norm(stem(x), training: training).relu()]) { maps, block in
      maps.append(block(maps[maps.count - 1], training: training))
    }
  }

  /// The logits of one kind: features [N, 128] -> [N, classes].
  package func logits(_ features: Tensor, _ kind: String) -> Tensor {
    guard let head = heads[kind] else { preconditionFailure("the judge has no head '\(kind)'") }
    return head(features)
  }

  // MARK: - Files

  /// Reads `judge.json` and `judge.safetensors` from a folder.
  /// - Throws: ``LetheError`` of the kind `model` for files that are missing or do not fit each other
  package static func load(_ folder: URL, on device: Device = .cpu) throws -> JudgeNetwork {
    let file = folder.appendingPathComponent("judge.json")
    let checked = try Checked(contentsOf: file)
    let card: Card = try checked.decoded()
    for width in try checked["widths"].list(1...64, of: "widths") { _ = try width.int(1...65_536) }
    _ = try checked["size"].int(1...4096)
    guard !card.heads.isEmpty else { throw checked["heads"].refused("a kind of subject at least") }
    for (_, classes) in try checked["heads"].members() {
      _ = try classes.names(1...100_000, of: "classes")
    }
    let tensors = try SafeTensors(
      contentsOf: folder.appendingPathComponent("judge.safetensors"), finite: true
    ).tensors
    let judge = try JudgeNetwork(
      card,
      .tensors(Dictionary(uniqueKeysWithValues: tensors.map { (ParameterPath($0), $1) })),
      on: device)
    judge.name = folder.lastPathComponent
    judge.hash = folder.sha256(of: ["judge.json", "judge.safetensors"])
    return judge
  }

  /// Writes `judge.json`, and `judge.safetensors` in half precision.
  /// - Throws: ``LetheError`` of the kind `disk` for a folder that cannot be written
  package func save(to folder: URL, card: Card? = nil) throws {
    try Run.makeFolder(folder)
    var tensors: [String: Tensor] = [:]
    for (path, tensor) in parameters.tensors { tensors[path.name] = tensor.detached().to(.float16) }
    try SafeTensors.write(tensors, to: folder.appendingPathComponent("judge.safetensors"))
    let text = try JSON(encoding: card ?? self.card).pretty
    try AtomicFile.write(Data(text.utf8), to: folder.appendingPathComponent("judge.json"))
  }
}

/// Two convolutions beside a 1 x 1 shortcut. The first convolution and the shortcut halve the picture.
private struct ResidualBlock {
  let conv1: Conv2d
  let norm1: BatchNorm2d
  let conv2: Conv2d
  let norm2: BatchNorm2d
  let shortcut: Conv2d

  init(_ s: Scope, _ i: Int, _ o: Int) {
    conv1 = Conv2d(s["conv1"], i, o, kernel: 3, stride: 2, padding: 1, bias: false)
    norm1 = BatchNorm2d(s["norm1"], o)
    conv2 = Conv2d(s["conv2"], o, o, kernel: 3, padding: 1, bias: false)
    norm2 = BatchNorm2d(s["norm2"], o)
    shortcut = Conv2d(s["shortcut"], i, o, kernel: 1, stride: 2)
  }

  func callAsFunction(_ x: Tensor, training: Bool) -> Tensor {
    let h = norm1(conv1(x), training: training).relu()
    return (norm2(conv2(h), training: training) + shortcut(x)).relu()
  }
}
