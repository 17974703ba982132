package import Diffusion
package import Foundation
package import Torch
internal import TorchNN

/// What an erasure leaves behind: differences of the changed tensors, and where they come from.
/// Increments of one base add up, and taking one back is leaving it out of the sum.
package struct Eraser {
  package struct Card: Codable, Sendable, Hashable {
    package var method = ""
    package var concepts: [String] = []
    /// The method's options as resolved.
    package var options = JSON.object([:])
    package var seed: UInt64 = 0
    /// ``DiffusionModel/hash()`` of the model the differences belong to.
    package var base = ""
    package var version = ""
    package init() {}
  }
  package var card: Card
  package var difference: ParameterVector
  /// The factors that ``difference`` is the product of, where it was made of them.
  package private(set) var factors: EraserFactors?

  package init(_ card: Card, _ difference: ParameterVector) {
    (self.card, self.difference) = (card, difference)
  }

  package init(_ card: Card, _ factors: EraserFactors) {
    (self.card, self.factors, difference) = (card, factors, factors.dense)
  }

  private static let format = "lethe-increment-1"
  /// Element types that differences are stored in.
  private static let accepted: [DType] = [.float16, .bfloat16, .float32, .float64]
  /// Names of factors in the file: PATH.left for w_l, `right` for beta S.
  private static let (left, right) = (".left", "right")

  /// - Throws: ``LetheError`` when it was made for another model than the one with this hash
  package func check(base: String) throws {
    guard card.base == base else {
      throw LetheError.request(
        "the eraser of '\(card.concepts.joined(separator: ", "))' was made for model "
          + "\(card.base.prefix(12)), this is \(base.prefix(12))")
    }
  }

  /// SHA-256 over the card and the differences: the same for two erasers that do the same for the same reason.
  package func hash() throws -> String {
    try difference.hash(after: JSON(encoding: card).compact)
  }

  /// - Throws: ``LetheError`` of the kind `diverged` for differences that are no finite numbers
  package func write(to file: URL) throws {
    if let path = difference.firstNotFinite {
      throw LetheError(
        .diverged,
        "the eraser of '\(card.concepts.joined(separator: ", "))' would change '\(path)' by values that are no finite "
          + "numbers, so \(file.path) is not written. Try a lower learning rate or fewer steps")
    }
    let card = try JSON(encoding: self.card)
    var tensors: [String: Tensor] = [:]
    if let factors {
      tensors[Self.right] = factors.basis
      for (path, tensor) in factors.weights {
        // ``EraserFactors/rounded()`` has made them halves already.
        tensors[path.name + Self.left] = tensor.detached().to(.float16)
      }
    } else {
      for (path, tensor) in difference.tensors { tensors[path.name] = tensor.detached() }
    }
    try SafeTensors.write(
      tensors, metadata: ["format": Self.format, "lethe": card.compact], to: file)
  }

  package init(contentsOf file: URL) throws {
    let stored = try SafeTensors(contentsOf: file, finite: true)
    guard stored.metadata["format"] == Self.format, let text = stored.metadata["lethe"],
      let card = try? JSONDecoder().decode(Card.self, from: Data(text.utf8))
    else {
      throw LetheError.request(
        "\(file.path) is no eraser: its metadata has no card of the format '\(Self.format)'")
    }
    for (name, tensor) in stored.tensors.sorted(by: { $0.key < $1.key })
    where !Self.accepted.contains(tensor.dtype) {
      throw LetheError.malformed(
        file,
        "'\(name)' holds numbers of the type \(tensor.dtype); accepted: "
          + Self.accepted.map { "\($0)" }.joined(separator: ", "))
    }
    self.card = card
    guard let basis = stored.tensors[Self.right] else {
      difference = ParameterVector(
        Dictionary(uniqueKeysWithValues: stored.tensors.map { (ParameterPath($0), $1) }))
      return
    }
    var weights: [ParameterPath: Tensor] = [:]
    for (name, tensor) in stored.tensors where name != Self.right {
      guard name.hasSuffix(Self.left), basis.shape.count == 2, tensor.shape.count == 2,
        tensor.size(1) == basis.size(0)
      else {
        throw LetheError.malformed(
          file, "'\(name)' of shape \(tensor.shape) is no factor beside 'right' of \(basis.shape)")
      }
      weights[ParameterPath(String(name.dropLast(Self.left.count)))] = tensor.to(.float32)
    }
    let factors = EraserFactors(weights: weights, basis: basis.to(.float32))
    (self.factors, difference) = (factors, factors.dense)
  }
}

extension DiffusionModel {
  /// The model with differences added; tensors that no difference names are shared.
  /// - Throws: ``LetheError`` when a path or shape does not fit the model
  package func applying(_ difference: ParameterVector) throws -> DiffusionModel {
    try check(difference)
    var replacements: [ParameterPath: Tensor] = [:]
    for (path, tensor) in difference.tensors {
      guard let base = parameters[path] else { continue }
      replacements[path] = base + tensor.to(base.device, base.dtype)
    }
    return try replacing(replacements)
  }

  /// - Throws: ``LetheError`` when a path or shape does not fit the model
  package func check(_ difference: ParameterVector) throws {
    for path in difference.paths {
      guard let tensor = difference.tensors[path] else { continue }
      guard let base = parameters[path] else {
        throw LetheError.request("the eraser changes '\(path)', which the model does not have")
      }
      guard base.shape == tensor.shape else {
        throw LetheError.request(
          "the eraser changes '\(path)' of shape \(tensor.shape); the model's has \(base.shape)")
      }
    }
  }

  /// The model with the sum of erasers, each checked to belong to this model.
  package func applying(_ erasers: [Eraser]) throws -> DiffusionModel {
    try erasers.isEmpty ? self : applying(sum(of: erasers))
  }

  /// The sum of erasers, each checked to belong to this model and to be given once.
  /// - Parameter base: this model's ``hash()`` where it is known already
  package func sum(of erasers: [Eraser], base: String? = nil) throws -> ParameterVector {
    guard !erasers.isEmpty else { return .zero }
    let own = base ?? hash()
    for eraser in erasers {
      try eraser.check(base: own)
      try check(eraser.difference)
    }
    var seen: Set<String> = []
    for eraser in erasers.count > 1 ? erasers : [] {
      guard seen.insert(try eraser.hash()).inserted else {
        throw LetheError.request(
          "the eraser of '\(eraser.card.concepts.joined(separator: ", "))' is given twice, which would erase twice as "
            + "much; give it once")
      }
    }
    return try .sum(erasers.map(\.difference))
  }
}
