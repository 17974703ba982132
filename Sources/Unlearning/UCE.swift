// UCE: Unified Concept Editing in Diffusion Models (Gandikota et al., WACV 2024), eq. 7:
//
//   W' = ( lambda W + a sum_i v_i c_i^T + b sum_j W c_j c_j^T ) ( lambda I + a sum_i c_i c_i^T + b sum_j c_j c_j^T )^-1
//
// for every key and value matrix W of cross-attention. c_i: token vectors of prompts to erase, from
// the last token of the concept to the end of the row; v_i = W g_i, with g_i the vectors of the
// same request without the concept, aligned at that token; c_j: all vectors of prompts to preserve,
// always with the empty prompt. The authors' target is the empty prompt or a broader word, "art" for artists; here it is
// the phrase's anchor, which may be either. They keep a list of artists when one is erased; here the request names the
// prompts to keep. Of several concepts each has the same share of the sums over i, however many
// phrases it has. Sums are in float64 and solved directly: CLIP's vectors are collinear,
// and published re-runs with a float32 inverse turned into noise.
public import Diffusion
public import Editing
public import Torch
internal import TorchNN
public import Training

/// UCE (Gandikota et al., WACV 2024): keys and values of cross-attention in closed form.
public struct UCE: UnlearningMethod {
  public static let name = "uce"
  public static let card = MethodCard(
    title: "Unified Concept Editing", paper: "arXiv 2308.14761", year: 2023,
    trains: "keys and values of the U-Net's cross-attention")

  /// a, the weight of erasing, above 0. Raise it where the concept stays.
  public var eraseScale = 1.0
  /// b, the weight of preserving, from 0; 0 takes the authors' max(0.1, 1 / number of preserved prompts).
  /// Raise it where preserved prompts change.
  public var preserveScale = 0.0
  /// lambda, the weight of leaving W as it is, above 0. Raise it where prompts outside the request change.
  public var lambda = 0.5
  /// Reach of the targets beyond the request without the concept, from 0: v_i = W (g_i + push (g_i - c_i)).
  /// 0 is the paper's; 1 helps where the model gives the concept even when it is not asked for.
  public var push = 0.0
  public init() {}

  public func check(_ erasure: Erasure, of model: DiffusionModel) throws {
    for phrase in erasure.forget.flatMap(\.phrases) {
      _ = try TokenAlignment.place(phrase, model)
    }
  }

  public func erase(
    _ erasure: Erasure, from model: DiffusionModel, _ run: Run
  ) throws -> Erased {
    try withoutGradients {
      let preserved = [""] + erasure.preserve
      let b = preserveScale > 0 ? preserveScale : max(0.1, 1 / Double(preserved.count))
      let (c, g) = try TokenAlignment.aligned(erasure.forget, model)  // [n, D]
      let kept = Self.gram(preserved, model)
      let edit = Self.edit(c, g + push * (g - c), kept, lambda: lambda, a: eraseScale, b: b)

      var vector = ParameterVector.zero
      let paths = ParameterSelection.crossAttentionKeysValues.paths(of: model.parameters)
      for (i, path) in paths.enumerated() {
        guard let w = model.parameters[path] else { continue }
        vector.tensors[path] = w.inFloat64().matmul(edit).like(w)
        run.progress("uce", i + 1, paths.count)
      }
      return Erased(vector)
    }
  }

  /// K = sum_j c_j c_j^T over every token row of every prompt, [D, D]
  static func gram(_ prompts: [String], _ model: DiffusionModel) -> Tensor {
    var sum: Tensor?
    for first in stride(from: 0, to: prompts.count, by: 64) {
      let hidden = model.embed(Array(prompts[first..<min(first + 64, prompts.count)])).hidden
      let rows = hidden.inFloat64().reshaped(-1, hidden.size(2))
      let part = rows.transposed(0, 1).matmul(rows)
      sum = sum.map { $0 + part } ?? part
    }
    return sum ?? Tensor.zeros([1, 1], .float64)
  }

  /// E with W' = W + W E, the same for every W. As v_i = W g_i, the left-hand factor of the equation is
  /// W (lambda I + a sum g_i c_i^T + b K), so E = a sum (g_i - c_i) c_i^T (lambda I + a sum c_i c_i^T + b K)^-1.
  /// - Parameters:
  ///   - c: vectors to erase, [n, D]
  ///   - g: the vectors that they become, [n, D]
  ///   - kept: K = sum_j c_j c_j^T, [D, D]
  static func edit(
    _ c: Tensor, _ g: Tensor, _ kept: Tensor, lambda: Double, a: Double, b: Double
  ) -> Tensor {
    let identity = Tensor.identity(c.size(1), .float64).to(c.device)
    let system = lambda * identity + a * c.transposed(0, 1).matmul(c) + b * kept
    let change = a * (g - c).transposed(0, 1).matmul(c)
    return system.solving(change.transposed(0, 1)).transposed(0, 1)
  }
}

extension UCE: BoundedOptions {
  // Without lambda the system may have no solution.
  public static let bounds = ["lambda": Bound.positive(1e9)]
}
