public import Diffusion
public import Foundation
public import Torch
internal import TorchNN

/// The file of an erasure: its parameter vector and the vector's origin. Erasers of one model add up. Leaving
/// an eraser out of the sum takes it back.
public struct Eraser {
  /// The origin of an eraser, which its file carries.
  public struct Card: Codable, Sendable, Hashable {
    /// The method's name.
    public var method = ""
    /// The concepts that it erases.
    public var concepts: [String] = []
    /// The method's options as resolved.
    public var options = JSON.object([:])
    /// The seed of the erasure.
    public var seed: UInt64 = 0
    /// ``DiffusionModel/hash()`` of the model that the eraser belongs to.
    public var base = ""
    /// The version of Lethe that made it.
    public var version = ""
    /// An empty card.
    public init() {}
  }
  /// The origin.
  public var card: Card
  /// The differences of weights.
  public var vector: ParameterVector
  /// The factors that ``vector`` is the product of, where it was made of them.
  package private(set) var factors: EraserFactors?

  /// An eraser of differences.
  public init(_ card: Card, _ vector: ParameterVector) {
    (self.card, self.vector) = (card, vector)
  }

  package init(_ card: Card, _ factors: EraserFactors) {
    (self.card, self.factors, vector) = (card, factors, factors.dense)
  }

  package static let format = "lethe-increment-1"
  /// Element types of stored tensors.
  private static let accepted: [DType] = [.float16, .bfloat16, .float32, .float64]
  /// Names of factors in the file: PATH.left for w_l, `right` for beta S.
  private static let (left, right) = (".left", "right")

  /// - Throws: ``LetheError`` when it was made for another model than the one with this hash
  public func check(base: String) throws {
    guard card.base == base else {
      throw LetheError.request(
        "the eraser of '\(card.concepts.joined(separator: ", "))' was made for model "
          + "\(card.base.prefix(12)), this is \(base.prefix(12)); `lethe apply --onto` adds it to another model of the same shapes"
      )
    }
  }

  /// SHA-256 over the card and the tensors. Two erasers with the same card and tensors have the same one.
  package func hash() throws -> String {
    try vector.hash(after: JSON(encoding: card).compact)
  }

  /// - Throws: ``LetheError`` of the kind `diverged` for numbers that are not finite
  public func write(to file: URL) throws {
    if let path = vector.firstNotFinite {
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
        // ``EraserFactors/rounded()`` has rounded them to half precision already.
        tensors[path.name + Self.left] = tensor.detached().to(.float16)
      }
    } else {
      for (path, tensor) in vector.tensors { tensors[path.name] = tensor.detached() }
    }
    try SafeTensors.write(
      tensors, metadata: ["format": Self.format, "lethe": card.compact], to: file)
  }

  /// Reads a file.
  /// - Throws: ``LetheError`` of the kind `request` for a file that is no eraser, of the kind `model` for a damaged one
  public init(contentsOf file: URL) throws {
    let stored = try SafeTensors(contentsOf: file, finite: true)
    guard stored.metadata["format"] == Self.format,
      let text = stored.metadata["lethe"].flatMap({ try? JSONText.value(Data($0.utf8)) })
    else {
      let isLoRA = stored.tensors.keys.contains { $0.contains("lora_") }
      throw LetheError.request(
        "\(file.path) is no eraser: "
          + (isLoRA
            ? "it is a LoRA, which --base-lora of `apply` and --lora of other commands take"
            : "its metadata has no card of the format '\(Self.format)'"))
    }
    for (name, tensor) in stored.tensors.sorted(by: { $0.key < $1.key })
    where !Self.accepted.contains(tensor.dtype) {
      throw LetheError.malformed(
        file,
        "'\(name)' holds numbers of the type \(tensor.dtype); accepted: "
          + Self.accepted.map { "\($0)" }.joined(separator: ", "))
    }
    card = try Checked(text, "the card of \(file.path)").decoded()
    guard let basis = stored.tensors[Self.right] else {
      vector = ParameterVector(
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
    (self.factors, vector) = (factors, factors.dense)
  }
}

extension DiffusionModel {
  /// The model with a parameter vector added. Tensors that the vector does not name are shared.
  /// - Throws: ``LetheError`` when a path or shape does not fit the model
  public func applying(_ vector: ParameterVector) throws -> DiffusionModel {
    try check(vector)
    var replacements: [ParameterPath: Tensor] = [:]
    for (path, tensor) in vector.tensors {
      guard let base = parameters[path] else { continue }
      replacements[path] = base.to(.float32) + tensor.to(base.device, .float32)
    }
    return try replacing(replacements)
  }

  /// - Throws: ``LetheError`` when a path or shape does not fit the model
  package func check(_ vector: ParameterVector) throws {
    for path in vector.paths {
      guard let tensor = vector.tensors[path] else { continue }
      guard let base = parameters[path] else {
        throw LetheError.request(
          "the eraser changes '\(path)', which the model does not have; accepted: an eraser that was made for it"
        )
      }
      guard base.shape == tensor.shape else {
        throw LetheError.request(
          "the eraser changes '\(path)' of shape \(tensor.shape); accepted: \(base.shape), as the model has"
        )
      }
    }
  }

  /// The model with the sum of erasers, each checked to belong to this model.
  public func applying(_ erasers: [Eraser]) throws -> DiffusionModel {
    try erasers.isEmpty ? self : applying(sum(of: erasers))
  }

  /// The sum of erasers, each checked to belong to this model and to be given once.
  /// - Parameter base: this model's ``hash()`` where it is known already
  package func sum(of erasers: [Eraser], base: String? = nil) throws -> ParameterVector {
    guard !erasers.isEmpty else { return .zero }
    let own = base ?? hash()
    for eraser in erasers {
      try eraser.check(base: own)
      try check(eraser.vector)
    }
    var seen: Set<String> = []
    for eraser in erasers.count > 1 ? erasers : [] {
      guard seen.insert(try eraser.hash()).inserted else {
        throw LetheError.request(
          "the eraser of '\(eraser.card.concepts.joined(separator: ", "))' is given twice, which would erase twice as "
            + "much; give it once")
      }
    }
    return try .sum(erasers.map(\.vector))
  }
}
