internal import CTorch

/// Activations and attention.
extension Operator {
  static let silu = Operator("aten::silu")
  static let gelu = Operator("aten::gelu")
  static let relu = Operator("aten::relu")
  static let softmax = Operator("aten::softmax", "int")
  static let logSoftmax = Operator("aten::log_softmax", "int")
  static let attention = Operator("aten::scaled_dot_product_attention")
  static let plainAttention = Operator("aten::_scaled_dot_product_attention_math")
  static let embedding = Operator("aten::embedding")
}

extension Tensor {
  /// x sigmoid(x) by element.
  public func silu() -> Tensor { Operator.silu(self) }
  /// x Phi(x) by element, with Phi of the normal distribution; `tanh` takes the approximation by tanh.
  public func gelu(tanh: Bool = false) -> Tensor { Operator.gelu(self, tanh ? "tanh" : "none") }
  /// max(x, 0) by element.
  public func relu() -> Tensor { Operator.relu(self) }
  /// e^x / sum e^x along a dimension.
  public func softmax(_ dimension: Int) -> Tensor { Operator.softmax(self, dimension) }
  /// x - log sum e^x along a dimension.
  public func logSoftmax(_ dimension: Int) -> Tensor { Operator.logSoftmax(self, dimension) }

  /// softmax(q k^T / sqrt(d)) v, with q [B, H, N, d], k and v [B, H, M, d] -> [B, H, N, d].
  package static func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor? = nil, causal: Bool = false
  ) -> Tensor {
    (ct_fused_attention() ? Operator.attention : .plainAttention)(q, k, v, mask, 0.0, causal)
  }

  /// Rows of `self` [V, D] at `indices` [...]: [..., D].
  package func embedding(_ indices: Tensor) -> Tensor { Operator.embedding(self, indices) }
}
