// A parameter vector as a LoRA file: dW = B A with A [r, i] and B [o, r], from the singular value decomposition in
// float64. A convolution is decomposed as its matrix [o, i k k].
public import Diffusion
public import Foundation
public import Torch
internal import TorchNN

/// The spelling of a LoRA file that is written.
public enum LoRAFormat: String, Sendable, CaseIterable {
  /// kohya's names with the largest rank for every alpha: A1111, ComfyUI, Forge, kohya and diffusers read them.
  case kohya
  /// `unet.PATH.lora_A.weight` without alpha: PEFT and diffusers.
  case peft
}

/// The part of a parameter vector that a LoRA file holds.
public struct LoRASummary: Sendable {
  /// The largest |dW - B A| / |dW| over the matrices.
  public var error = 0.0
  /// The largest rank.
  public var rank = 0
  /// The share of the vector's squared norm in tensors that no LoRA can hold: norms, biases, embeddings. 0 to 1.
  public var leftOut = 0.0
  /// The number of those tensors.
  public var leftOutTensors = 0
}

extension DiffusionModel {
  /// Writes a parameter vector of this model as a LoRA.
  /// - Parameters:
  ///   - rank: largest rank; nil takes the rank at which each matrix is exact in float32
  ///   - texts: more of the header, e.g. the eraser's card
  ///   - title: the name that programs show
  /// - Throws: ``LetheError`` for a vector without any matrix
  @discardableResult
  public func writeLoRA(
    _ vector: ParameterVector, to file: URL, rank: Int? = nil, format: LoRAFormat = .kohya,
    dtype: DType = .float32, title: String = "", texts: [String: String] = [:]
  ) throws -> LoRASummary {
    let family = try? originalFamily()
    let names = try? OriginalNames(layout)
    var modules: [(name: String, down: Tensor, up: Tensor)] = []
    var summary = LoRASummary()
    var (whole, left) = (0.0, 0.0)
    for path in vector.paths {
      guard let d = vector.tensors[path]?.to(.cpu, .float64) else { continue }
      let size = d.norm().item
      whole += size * size
      let kohya = LoRANames.kohya(path, names, isXL: family == .sdxl)
      let isMatrix =
        [2, 4].contains(d.shape.count) && path.components.last == "weight"
        && !path.components.contains("embeddings")
      guard isMatrix, path.components.first != "vae", format == .peft || kohya != nil else {
        if size > 0 {
          left += size * size
          summary.leftOutTensors += 1
        }
        continue
      }
      guard size > 0 else { continue }
      let matrix = d.reshaped(d.size(0), -1)
      let (a, b, error) = Self.factors(matrix, rank: rank)
      summary.error = max(summary.error, error)
      summary.rank = max(summary.rank, a.size(0))
      let down = d.shape.count == 4 ? a.reshaped([a.size(0)] + d.shape.dropFirst()) : a
      let up = d.shape.count == 4 ? b.unsqueezed(2, 3) : b
      let name =
        format == .peft
        ? path.components.dropLast().joined(separator: ".") : kohya ?? path.name
      modules.append((name, down, up))
    }
    var tensors: [String: Tensor] = [:]
    for (name, down, up) in modules {
      switch format {
      case .kohya:
        // All modules have one alpha, as in kohya's files: diffusers ignores an alpha that differs from most others.
        let alpha = Double(summary.rank)
        tensors["\(name).lora_down.weight"] = down.to(dtype).contiguous()
        tensors["\(name).lora_up.weight"] =
          (up * (Double(down.size(0)) / alpha)).to(dtype).contiguous()
        tensors["\(name).alpha"] = Tensor.full([], alpha).to(dtype)
      case .peft:
        tensors["\(name).lora_A.weight"] = down.to(dtype).contiguous()
        tensors["\(name).lora_B.weight"] = up.to(dtype).contiguous()
      }
    }
    guard !tensors.isEmpty else {
      throw LetheError.request(
        left > 0
          ? "the erasers change \(summary.leftOutTensors) tensors, none of which is a matrix, and a LoRA file holds matrices alone; "
            + "`lethe apply --out` writes a whole model"
          : "nothing is erased, so there is nothing to write to \(file.path)")
    }
    summary.leftOut = whole > 0 ? left / whole : 0
    let header = loraHeader(tensors, family, rank: summary.rank, title: title)
    try SafeTensors.write(tensors, metadata: header.merging(texts) { $1 }, to: file)
    return summary
  }

  /// A [r, i] and B [o, r] with roots of the singular values in both, and the relative error of B A.
  private static func factors(_ d: Tensor, rank: Int?) -> (a: Tensor, b: Tensor, error: Double) {
    let (u, s, vT) = d.svd()
    let sigma = s.doubles
    let needed = sigma.filter { $0 > 1e-7 * (sigma.first ?? 0) }.count
    let r = min(needed, rank ?? needed)
    let roots = s.narrowed(0, 0, r).sqrt()
    let b = (u.narrowed(1, 0, r) * roots).to(.float32)
    let a = (vT.narrowed(0, 0, r) * roots.unsqueezed(1)).to(.float32)
    let error = (b.to(.float64).matmul(a.to(.float64)) - d).norm().item / d.norm().item
    return (a, b, error)
  }

  /// kohya's `ss_*` and `modelspec`, by which other programs recognise the file's model and kind.
  private func loraHeader(
    _ tensors: [String: Tensor], _ family: OriginalFamily?, rank: Int, title: String
  ) -> [String: String] {
    guard let family else { return ["format": "pt"] }
    var spec = ModelSpec(family, schedule, title: title, pixels: imageSize)
    spec.isLoRA = true
    spec.date = ISO8601DateFormatter().string(from: Date())
    let hash = SafeTensors.dataHash(tensors)
    return spec.texts.merging([
      "format": "pt", "modelspec.hash_sha256": "0x\(hash)", "sshs_model_hash": hash,
      "ss_v2": family == .sd2 ? "True" : "False", "ss_base_model_version": family.rawValue,
      "ss_network_module": "networks.lora", "ss_network_dim": "\(rank)",
      "ss_network_alpha": "\(rank)", "ss_network_args": "{}", "ss_output_name": title,
    ]) { $1 }
  }
}

extension SafeTensors {
  /// SHA-256 of everything after a file's header.
  fileprivate static func dataHash(_ tensors: [String: Tensor]) -> String {
    var sha = SHA256Stream()
    for name in order(tensors) {
      tensors[name]?.bytes.withUnsafeBytes { sha.update($0) }
    }
    return sha.hexadecimal()
  }
}
