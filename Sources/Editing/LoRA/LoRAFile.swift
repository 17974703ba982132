// LoRA as input (Hu et al., 2022): dW = (alpha / r) B A, in the spellings of kohya, PEFT and diffusers.
//
//   matrices       A [r, i], B [o, r]
//   convolutions   A [r, i, k, k], B [o, r, 1, 1]
//   with a core    A [r, i, 1, 1], M [r, r, k, k], B [o, r, 1, 1]
//
// A missing alpha is r, as is kohya's alpha of 0.
public import Diffusion
public import Foundation
internal import Torch
internal import TorchNN

/// A LoRA file.
public struct LoRAFile {
  /// The place of the file.
  public let file: URL
  private let tensors: [String: Tensor]
  private let adapter: LoRAScale

  /// - Throws: ``LetheError`` of the kind `model` for a damaged file, and for one of another kind, by its name
  public init(_ file: URL) throws {
    let stored = try SafeTensors(contentsOf: file, finite: true)
    (self.file, tensors) = (file, stored.tensors)
    if let (kind, name) = Self.otherKind(stored.tensors.keys.sorted()) {
      throw LetheError.unsupported("\(file.path): \(kind) ('\(name)'); supported: LoRA")
    }
    adapter = try LoRAScale(file, stored.metadata)
  }

  /// Ends of tensors' names in files of other kinds.
  private static let otherKinds: [(kind: String, marks: [String])] = [
    (
      "DoRA, which also scales the weights' norms",
      [".dora_scale", ".lora_magnitude_vector", ".lora_magnitude_vector.weight"]
    ),
    (
      "LoHa, products of two low-rank matrices",
      [".hada_w1_a", ".hada_w1_b", ".hada_w2_a", ".hada_t1"]
    ),
    ("LoKr, Kronecker products", [".lokr_w1", ".lokr_w2", ".lokr_w1_a", ".lokr_w2_a", ".lokr_t2"]),
    ("OFT, rotations of the weights", [".oft_blocks", ".oft_diag", ".oft_R.weight", ".boft_R"]),
    ("(IA)^3, scales of activations", [".on_input"]),
    ("GLoRA", [".a1.weight", ".b1.weight"]), ("changes of norms", [".w_norm", ".b_norm"]),
    ("a LoRA with a reshaped weight", [".reshape_weight"]),
  ]

  private static func otherKind(_ names: [String]) -> (String, String)? {
    for (kind, marks) in otherKinds {
      if let name = names.first(where: { name in marks.contains { name.hasSuffix($0) } }) {
        return (kind, name)
      }
    }
    return names.first { $0.hasPrefix("bundle_emb.") }.map { ("a LoRA with embeddings in it", $0) }
  }

  private enum Part: String { case down, up, middle, alpha, difference, bias }

  /// Ends of tensors' names, longest first.
  private static let ends: [(String, Part)] = [
    (".lora_linear_layer.down.weight", .down), (".lora_linear_layer.up.weight", .up),
    (".lora_A.default.weight", .down), (".lora_B.default.weight", .up),
    (".lora_A.default_0.weight", .down), (".lora_B.default_0.weight", .up),
    (".lora_down.weight", .down), (".lora_up.weight", .up), (".lora_mid.weight", .middle),
    (".lora.down.weight", .down), (".lora.up.weight", .up),
    (".lora_A.weight", .down), (".lora_B.weight", .up), (".alpha", .alpha),
    (".diff_b", .bias), (".diff", .difference),
    // Attention processors: `to_q_lora.down.weight`.
    (".down.weight", .down), (".up.weight", .up),
  ]

  /// The change of a model's weights.
  /// - Throws: ``LetheError`` of the kind `model` for names or shapes that do not fit the model
  public func vector(for model: DiffusionModel) throws -> ParameterVector {
    let names = try LoRANames(model)
    var modules: [ParameterPath: (spelling: String, parts: [Part: Tensor])] = [:]
    var left: [String] = []
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      guard let (end, part) = Self.ends.first(where: { name.hasSuffix($0.0) }) else {
        left.append(name)
        continue
      }
      let spelling = String(name.dropLast(end.count))
      guard let path = names[spelling] else {
        left.append(name)
        continue
      }
      if let other = modules[path], other.spelling != spelling {
        throw LetheError.malformed(file, "'\(other.spelling)' and '\(spelling)' change one module")
      }
      modules[path, default: (spelling, [:])].parts[part] = tensor
    }
    guard !modules.isEmpty, left.isEmpty else {
      let shown = left.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
      throw LetheError.model(
        modules.isEmpty
          ? "\(file.path) changes nothing of this model; it has \(shown)"
          : "\(file.path) has \(left.count) tensors for modules that this model has not, such as \(shown)"
      )
    }
    var vector = ParameterVector()
    for (path, (spelling, parts)) in modules {
      guard let weight = model.parameters[path] else { continue }
      if let bias = parts[.bias] {
        let place = ParameterPath(String(path.name.dropLast("weight".count)) + "bias")
        guard model.parameters[place]?.shape == bias.shape else {
          throw LetheError.malformed(file, "'\(spelling).diff_b' has shape \(bias.shape)")
        }
        vector.tensors[place] = bias.to(.float32)
      }
      if let whole = parts[.difference] {
        vector.tensors[path] = try fitted(whole.to(.float32), weight.shape, spelling)
      }
      guard parts[.down] != nil || parts[.up] != nil else { continue }
      let product = try product(parts, weight.shape, spelling)
      vector.tensors[path] = vector.tensors[path].map { $0 + product } ?? product
    }
    return vector
  }

  /// (alpha / r) B A in the shape of the weight.
  private func product(_ parts: [Part: Tensor], _ shape: [Int], _ spelling: String) throws
    -> Tensor
  {
    guard let down = parts[.down]?.to(.float32), let up = parts[.up]?.to(.float32),
      down.shape.count >= 2, up.shape.count >= 2
    else { throw LetheError.malformed(file, "'\(spelling)' has one of its two matrices alone") }
    let r = down.size(0)
    guard r > 0, up.size(1) == r, up.count == up.size(0) * r else {
      throw LetheError.malformed(
        file,
        "'\(spelling)' has matrices of \(down.shape) and \(up.shape), which cannot be multiplied")
    }
    let b = up.reshaped(up.size(0), r)
    let alpha = try parts[.alpha].map { tensor -> Double in
      guard tensor.count == 1 else {
        throw LetheError.malformed(file, "'\(spelling).alpha' has shape \(tensor.shape)")
      }
      return tensor.to(.float64).item
    }
    let scale = adapter.scale(spelling, alpha: alpha, rank: r)
    var a = down.reshaped(r, down.count / r)
    /// Throws unless the product has the weight's size. Rows and columns of a damaged file may have another.
    func check(_ inner: Int, _ columns: Int) throws {
      guard b.size(1) == inner, b.size(0) * columns == shape.reduce(1, *) else {
        throw LetheError.malformed(
          file, "'\(spelling)' changes [\(b.size(0)), \(columns)], the model's weight is \(shape)")
      }
    }
    if let middle = parts[.middle]?.to(.float32) {
      guard middle.shape.count == 4, middle.size(1) == r, down.count == r * down.size(1) else {
        throw LetheError.malformed(file, "'\(spelling).lora_mid' has shape \(middle.shape)")
      }
      try check(middle.size(0), middle.size(2) * middle.size(3) * down.size(1))
      // [r1, r2, k, k] -> [r1 k k, r2] A -> [r1, i, k k]
      let (r1, area) = (middle.size(0), middle.size(2) * middle.size(3))
      a = middle.permuted(0, 2, 3, 1).reshaped(r1 * area, r).matmul(a)
        .reshaped(r1, area, down.size(1)).permuted(0, 2, 1).reshaped(r1, down.size(1) * area)
    }
    try check(a.size(0), a.size(1))
    return try fitted(b.matmul(a) * scale, shape, spelling)
  }

  /// A change in the weight's shape: 1 x 1 convolutions and matrices stand for each other.
  private func fitted(_ change: Tensor, _ shape: [Int], _ spelling: String) throws -> Tensor {
    guard change.count == shape.reduce(1, *), change.size(0) == shape.first else {
      throw LetheError.malformed(
        file, "'\(spelling)' changes \(change.shape), the model's weight is \(shape)")
    }
    return change.reshaped(shape)
  }
}
