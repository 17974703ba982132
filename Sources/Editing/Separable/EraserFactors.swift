// An eraser that can act on the directions of a null space alone (SepME, Zhao et al., 2024, 4.2):
//
//   dW_l = w_l (beta S)          w_l [d_l, n], S [n, D], one S for all key and value matrices
//
// so e dW_l^T = (e beta S^T) w_l^T is 0, up to the tolerance of the null space, for every token row e that S was made
// against and any w_l.
package import Diffusion
package import Torch
package import TorchNN

package struct EraserFactors {
  /// w_l by the path of the weight it changes: [d_l, n]
  package var weights: [ParameterPath: Tensor]
  /// beta S: [n, D]
  package var basis: Tensor

  package init(weights: [ParameterPath: Tensor], basis: Tensor) {
    (self.weights, self.basis) = (weights, basis)
  }

  /// w_l = 0 for every key and value matrix of cross-attention.
  package init(zeroOver space: NullSpace, beta: Double, of model: DiffusionModel) {
    basis = (beta * space.basis).to(model.device, .float32)
    weights = [:]
    for path in ParameterSelection.crossAttentionKeysValues.paths(of: model.parameters) {
      guard let w = model.parameters[path] else { continue }
      weights[path] = Tensor.zeros([w.size(0), space.nullity], on: model.device)
    }
  }

  /// dW_l, multiplied in float64.
  package var dense: ParameterVector {
    let s = basis.inFloat64()
    return ParameterVector(
      weights.mapValues { $0.inFloat64().matmul(s).to(.float32).to($0.device) })
  }

  /// The sums that are added to keys and values.
  /// - Parameter u: e (beta S)^T of each token row, [B, L, n]
  /// - Returns: by layer; gradients reach the weights
  package func shifts(of u: Tensor) -> [String: KeyValueShift] {
    KeyValueShift.byLayer(weights) { u.linear($0) }
  }

  /// Token rows in the coordinates of the basis: [B, L, D] -> [B, L, n]
  package func coordinates(of hidden: Tensor) -> Tensor {
    hidden.inFloat64().matmul(basis.inFloat64().transposed(0, 1)).to(.float32).to(hidden.device)
  }

  /// Rounds w_l to half precision, which halves the eraser's size. The directions that S leaves out stay protected.
  package func rounded() -> EraserFactors {
    EraserFactors(weights: weights.mapValues { $0.to(.float16).to(.float32) }, basis: basis)
  }
}

extension KeyValueShift {
  /// One shift for each layer of which `weights` has both matrices.
  static func byLayer(
    _ weights: [ParameterPath: Tensor], _ product: (Tensor) -> Tensor
  ) -> [String: KeyValueShift] {
    var shifts: [String: KeyValueShift] = [:]
    for (path, key) in weights where path.components.suffix(2) == ["to_k", "weight"] {
      let layer = path.components.dropLast(2).joined(separator: ".")
      guard let value = weights[ParameterPath("\(layer).to_v.weight")] else { continue }
      shifts[layer] = KeyValueShift(keys: product(key), values: product(value))
    }
    return shifts
  }

}

extension Conditioning {
  /// The same prompts for a model with an eraser laid on, without touching the model.
  /// - Throws: ``LetheError`` when the eraser changes more than keys and values of cross-attention
  package func shifted(by vector: ParameterVector) throws -> Conditioning {
    for path in vector.tensors.keys
    where !ParameterSelection.crossAttentionKeysValues.matches(path) {
      throw LetheError.request(
        "the eraser changes '\(path)'; only erasers of keys and values of cross-attention can be "
          + "switched for each prompt. Use `lethe apply` for this one")
    }
    return shifted(
      by: KeyValueShift.byLayer(vector.tensors) { hidden.linear($0.to(hidden.device)) })
  }
}
