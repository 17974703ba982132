// Directions of the text space that some prompts do not use: an increment made of them cannot change
// what those prompts give (SepME, Zhao et al., 2024, section 4.2 "weight decoupling").
//
//   e_m = token rows of every stacked prompt        [rows, D]
//   e_m = U diag(sigma) V^T                          (float64)
//   rank rule: r = number of sigma_i > tolerance sigma_1
//   S = rows r + 1 ... D of V^T                      [D - r, D], orthonormal, |e_m S^T| <= tolerance sigma_1
//
// The text encoder is causal, so a row is known by the tokens up to it: rows that prompts share, the
// start above all, are stacked once. The authors eliminate in float32 with exact pivots, where a
// start row that differs in the last bit becomes a direction of its own.
public import Diffusion
public import Torch

public struct NullSpace {
  /// S, orthonormal rows in float64: [n, D]
  public let basis: Tensor
  public let rank: Int
  /// D
  public let width: Int
  /// Distinct token rows that were stacked.
  public let rows: Int
  /// Largest | e S^T | / | e | over the stacked rows.
  public let residual: Double

  public var nullity: Int { width - rank }

  /// - Parameter tolerance: share of the largest singular value below which a direction counts as unused
  public init(of prompts: [String], in model: DiffusionModel, tolerance: Double) {
    self.init(rows: TokenRows(prompts, model).stacked, tolerance: tolerance)
  }

  /// - Parameter e: e_m, [rows, D]
  public init(rows e: Tensor, tolerance: Double) {
    let width = e.size(1)
    // The right-hand factors of R are those of e = Q R, and R is never taller than wide.
    let r = e.size(0) > width ? e.triangle() : e
    let (_, sigma, vT) = r.svd(full: true)
    rank = Self.rank(sigma, tolerance)
    basis = vT.narrowed(0, rank, width - rank).contiguous()
    residual =
      rank < width
      ? (e.matmul(basis.transposed(0, 1)).norm(1) / e.norm(1)).max(0).item : 0
    (self.width, rows) = (width, e.size(0))
  }

  private static func rank(_ sigma: Tensor, _ tolerance: Double) -> Int {
    let values = sigma.doubles
    return values.filter { $0 > tolerance * (values.first ?? 0) }.count
  }

  /// How much of the rank each prompt holds alone: what leaving it out would free.
  public static func shares(
    of prompts: [String], in model: DiffusionModel, tolerance: Double
  ) -> [(prompt: String, rank: Int)] {
    let all = TokenRows(prompts, model)
    func rank(_ e: Tensor) -> Int {
      let r = e.size(0) > e.size(1) ? e.triangle() : e
      return Self.rank(r.singularValues(), tolerance)
    }
    let whole = rank(all.stacked)
    return prompts.indices.map { i in
      let rest = all.stacked(without: i)
      return (prompts[i], whole - (rest.map(rank) ?? 0))
    }
  }
}

/// Token rows of prompts as the cross-attention layers see them, each distinct row once.
struct TokenRows {
  /// [rows, D] float64
  let stacked: Tensor
  /// For each row, the prompts that have it.
  private let owners: [[Int]]

  init(_ prompts: [String], _ model: DiffusionModel) {
    var place: [[Int]: Int] = [:]
    var owners: [[Int]] = []
    var parts: [Tensor] = []
    for (p, prompt) in prompts.enumerated() {
      let tokens = model.tokens(prompt)
      var fresh: [Int] = []
      for i in tokens.indices {
        let prefix = Array(tokens[...i])
        if let known = place[prefix] {
          if owners[known].last != p { owners[known].append(p) }
        } else {
          place[prefix] = owners.count
          owners.append([p])
          fresh.append(i)
        }
      }
      guard !fresh.isEmpty else { continue }
      // One prompt at a time, so that a row's bits do not depend on its neighbours in a batch.
      let hidden = withoutGradients { model.embed([prompt]).hidden[0, at: 0] }  // [L, D]
      parts.append(hidden.indexed(0, fresh).to(.cpu, .float64))
    }
    self.owners = owners
    stacked = Tensor.concatenate(parts)
  }

  /// Without the rows that prompt `p` alone has; nil when nothing is left.
  func stacked(without p: Int) -> Tensor? {
    let kept = owners.indices.filter { owners[$0] != [p] }
    return kept.isEmpty ? nil : stacked.indexed(0, kept)
  }
}
