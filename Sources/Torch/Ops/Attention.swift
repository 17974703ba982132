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
  public func silu() -> Tensor { Operator.silu(self) }
  public func gelu(tanh: Bool = false) -> Tensor { Operator.gelu(self, tanh ? "tanh" : "none") }
  public func relu() -> Tensor { Operator.relu(self) }
  public func softmax(_ dimension: Int) -> Tensor { Operator.softmax(self, dimension) }
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
