// RECE: Reliable and Efficient Concept Erasure of Text-to-Image Diffusion Models (Gong, Chen, Wei, Chen, Jiang; ECCV
// 2024): UCE, and then again on the embeddings that still bring the concept back, found in closed form:
//
//   c' = ( rho I + sum_i W_i^T W_i )^-1 ( sum_i W_i^T W_i^o ) c                                      (eq. 8)
//
// W_i^o: the original's matrices, W_i: as edited so far; the edited matrices map c' to where the
// original's map c. Each epoch edits c' away as UCE does c, with weights of its own: lambda 0.1, a 1, b 0.1.
// Differences from the released code: c are the rows from the concept's last token on, and each c' goes to the row of
// the anchor that stands for it. There c' is derived for all 77 rows and goes to the empty prompt's.
// The authors stop by an image classifier on a validation set; here the number of epochs is set.
// Published, SD 1.4: nudity rho 0.1, 3 epochs; styles 1e-3, 1 epoch.
public import Diffusion
public import Editing
public import Torch
internal import TorchNN
public import Training

/// RECE (Gong et al., ECCV 2024): UCE, and again on the embeddings that still bring the concept back.
public struct RECE: UnlearningMethod {
  public static let name = "rece"
  public static let card = MethodCard(
    title: "Reliable and Efficient Concept Erasure", paper: "arXiv 2407.12383", year: 2024,
    trains: "keys and values of the U-Net's cross-attention")

  /// The first edit, with the options of the method `uce`.
  public var uce = UCE()
  /// Later edits, from 0: 1 for styles, 3 for nudity. Each erases more and harms neighbours more.
  public var epochs = 3
  /// rho, the pull of derived embeddings towards 0, from 0. Keep it small beside the eigenvalues of sum_i W_i^T W_i: a
  /// c' shorter than c does not stand for c, and editing such a c' away brings the concept back.
  public var regularization = 0.1
  /// a of the later edits, the weight of erasing, above 0. Raise it where the concept stays.
  public var eraseScale = 1.0
  /// b of the later edits, the weight of preserving, from 0: 0.1 is the authors'; 0 takes UCE's rule, max(0.1, 1 /
  /// number of preserved prompts).
  public var preserveScale = 0.1
  /// lambda of the later edits, the weight of leaving W as it is, above 0. Raise it where other prompts change.
  public var lambda = 0.1
  public init() {}
  /// In so small an encoder later edits change the embeddings of every prompt, unless preserving weighs more.
  public static var tiny: RECE {
    var method = RECE()
    (method.epochs, method.preserveScale) = (1, 1)
    return method
  }

  public func check(_ erasure: Erasure, of model: DiffusionModel) throws {
    try uce.check(erasure, of: model)
  }

  public func erase(
    _ erasure: Erasure, from model: DiffusionModel, _ run: Run
  ) throws -> Erased {
    let paths = ParameterSelection.crossAttentionKeysValues.paths(of: model.parameters)
    let first = try uce.erase(erasure, from: model, run).vector
    return try withoutGradients {
      let (c, g) = try TokenAlignment.aligned(erasure.forget, model)  // [n, D]
      // The embeddings that the derived ones become are preserved as well, like the authors' target, the empty prompt.
      let anchors = Set(erasure.forget.flatMap(\.phrases).map(\.anchor))
      let preserved = anchors.union([""] + erasure.preserve).sorted()
      let kept = UCE.gram(preserved, model)  // [D, D]
      let b = preserveScale > 0 ? preserveScale : max(0.1, 1 / Double(preserved.count))
      let original = paths.compactMap { model.parameters[$0]?.inFloat64() }  // [d_i, D]
      var edited = zip(paths, original).map { path, w in
        first.tensors[path].map { w + $0.inFloat64() } ?? w
      }
      for epoch in 0..<epochs {
        let derived = c.matmul(Self.derivation(edited, original, regularization).transposed(0, 1))
        let edit = UCE.edit(
          derived, g, kept, lambda: lambda, a: eraseScale, b: b)
        edited = edited.map { $0 + $0.matmul(edit) }
        run.progress("rece", epoch + 1, epochs)
      }
      var vector = ParameterVector.zero
      for (i, path) in paths.enumerated() {
        guard let w = model.parameters[path] else { continue }
        vector.tensors[path] = (edited[i] - original[i]).like(w)
      }
      return Erased(vector)
    }
  }

  /// M with c' = M c [D, D].
  static func derivation(_ edited: [Tensor], _ original: [Tensor], _ rho: Double) -> Tensor {
    var left = rho * Tensor.identity(edited[0].size(1), .float64).to(edited[0].device)
    var right = Tensor.zeros(like: left)
    for (w, o) in zip(edited, original) {
      left = left + w.transposed(0, 1).matmul(w)
      right = right + w.transposed(0, 1).matmul(o)
    }
    return left.solving(right)
  }
}

extension RECE: BoundedOptions {
  public static let bounds = ["lambda": Bound.positive(1e9), "uce.lambda": .positive(1e9)]
}
