/// Matrix products, solves and decompositions.
extension Operator {
  static let matmul = Operator("aten::matmul")
  static let linear = Operator("aten::linear")
  static let baddbmm = Operator("aten::baddbmm")
  static let solve = Operator("aten::linalg_solve")
  static let cholesky = Operator("aten::linalg_cholesky")
  static let choleskySolve = Operator("aten::cholesky_solve")
  static let inverse = Operator("aten::linalg_inv")
  static let svd = Operator("aten::linalg_svd")
  static let svdvals = Operator("aten::linalg_svdvals")
  static let qr = Operator("aten::linalg_qr")
  static let eigh = Operator("aten::linalg_eigh")
  static let eigvals = Operator("aten::linalg_eigvals")
  static let real = Operator("aten::real")
  static let cdist = Operator("aten::cdist")
}

extension Tensor {
  /// The matrix product over the last two dimensions; those before them are broadcast.
  public func matmul(_ other: Tensor) -> Tensor { Operator.matmul(self, other) }

  /// `aten::linear`: self . weight^T + bias, with weight [out, in].
  public func linear(_ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
    Operator.linear(self, weight, bias)
  }

  /// X with self . X = b, for square [n, n] and b [n, k].
  public func solving(_ b: Tensor) -> Tensor { Operator.solve(self, b) }

  /// Lower triangle L with L L^T = self, for symmetric positive definite self.
  public func cholesky() -> Tensor { Operator.cholesky(self) }
  /// The inverse of each square matrix, [..., n, n].
  public func inverse() -> Tensor { Operator.inverse(self) }

  /// U [m, k], S [k], V^T [k, n] with k = min(m, n).
  public func svd(full: Bool = false) -> (Tensor, Tensor, Tensor) {
    let parts = Operator.svd.all(self, full)
    return (parts[0], parts[1], parts[2])
  }

  /// Singular values of each matrix, descending, [..., min(m, n)].
  public func singularValues() -> Tensor { Operator.svdvals(self) }

  /// R of self = Q R, [min(m, n), n].
  public func triangle() -> Tensor { Operator.qr.all(self, "r")[1] }

  /// Eigenvalues, ascending, and eigenvectors of a symmetric matrix.
  public func symmetricEigen() -> (values: Tensor, vectors: Tensor) {
    let parts = Operator.eigh.all(self)
    return (parts[0], parts[1])
  }

  /// Euclidean distances between the rows of [n, d] and [m, d]: [n, m].
  public func distances(to other: Tensor) -> Tensor { Operator.cdist(self, other, 2) }
}
