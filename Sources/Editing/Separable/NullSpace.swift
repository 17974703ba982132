// Directions of the text space that some prompts do not use: an eraser made of them cannot change
// those prompts' pictures (SepME, Zhao et al., 2024, section 4.2 "weight decoupling").
//
//   e_m = token rows of every stacked prompt        [rows, D]
//   e_m = U diag(sigma) V^T                          (float64)
//   rank rule: r = number of sigma_i > tolerance sigma_1
//   S = rows r + 1 ... D of V^T                      [D - r, D], orthonormal, |e_m S^T| <= tolerance sigma_1
//
// Any basis of the same span keeps the guarantee. For prompts that should change little, without a
// guarantee ("regular"), the basis is taken in which they are small on average:
//
//   M = mean u_r u_r^T + omega mean u_m u_m^T + eps I,  u = S e^T of regular and of stacked rows
//   S <- M^(-1/2) S
//
// In this basis an optimizer that moves all coordinates alike does them the least harm.
//
// The text encoder is causal, so a row is known by the tokens up to it: rows that prompts share, the
// start above all, are stacked once. The authors eliminate in float32 with exact pivots, where a
// start row that differs in the last bit becomes a direction of its own.
package import Diffusion
package import Torch

package struct NullSpace {
  /// S in float64, orthonormal rows unless regular prompts shaped them: [n, D]
  package let basis: Tensor
  /// mean e^T e over the token rows of the regular prompts: [D, D]
  package let regular: Tensor?
  package let rank: Int
  /// D
  package let width: Int
  /// Distinct token rows that were stacked.
  package let rows: Int
  /// Largest | e S^T | / | e | over the stacked rows, for orthonormal S.
  package let residual: Double
  /// omega: an average stacked row weighs as much as this many regular ones.
  static let stackedWeight = 1e6
  static let ridge = 1e-3
  /// A row that is shorter than this counts as zeros.
  static let least = 1e-30

  package var nullity: Int { width - rank }

  /// - Parameters:
  ///   - regular: prompts that should suffer little, without a guarantee
  ///   - tolerance: share of the largest singular value below which a direction counts as unused
  package init(
    of prompts: [String], regular: [String] = [], in model: DiffusionModel, tolerance: Double
  ) {
    let regularRows = stride(from: 0, to: regular.count, by: 64).map { first -> Tensor in
      let some = Array(regular[first..<min(first + 64, regular.count)])
      return withoutGradients { model.embed(some).hidden }.to(.cpu, .float64).flattened(
        from: 0, to: 1)
    }
    self.init(
      rows: TokenRows(prompts, model).stacked,
      regular: regularRows.isEmpty ? nil : Tensor.concatenate(regularRows), tolerance: tolerance)
  }

  /// - Parameters:
  ///   - e: e_m, [rows, D]
  ///   - regular: token rows that should suffer little, [N, D]
  package init(rows e: Tensor, regular: Tensor? = nil, tolerance: Double) {
    let width = e.size(1)
    // The right-hand factors of R are those of e = Q R, and R is never taller than wide.
    let r = e.size(0) > width ? e.triangle() : e
    let (_, sigma, vT) = r.svd(full: true)
    rank = Self.rank(sigma, tolerance)
    let free = vT.narrowed(0, rank, width - rank).contiguous()
    let stacked = e.matmul(free.transposed(0, 1))  // u_m, [rows, n]
    // Rows of zeros, such as those of SDXL's empty prompt, have no part in any direction.
    residual =
      rank < width ? (stacked.norm(1) / e.norm(1).clamped(Self.least, nil)).max(0).item : 0
    self.regular = regular.map { $0.transposed(0, 1).matmul($0) / Double($0.size(0)) }
    if let regular = self.regular, rank < width {
      let usual = free.matmul(regular).matmul(free.transposed(0, 1))  // mean u_r u_r^T, [n, n]
      let kept = stacked.transposed(0, 1).matmul(stacked) / Double(stacked.size(0))
      let ridge = Self.ridge * usual.diagonal().mean().item
      let m =
        usual + Self.stackedWeight * kept + ridge * Tensor.identity(free.size(0), .float64)
      let (values, vectors) = m.symmetricEigen()
      basis = (vectors / values.sqrt()).matmul(vectors.transposed(0, 1)).matmul(free)
    } else {
      basis = free
    }
    (self.width, rows) = (width, e.size(0))
  }

  private static func rank(_ sigma: Tensor, _ tolerance: Double) -> Int {
    let values = sigma.doubles
    return values.filter { $0 > tolerance * (values.first ?? 0) }.count
  }

  /// The number of `prompts`, from the first, that can be stacked so that `free` directions are left.
  package static func fitting(
    _ prompts: [String], in model: DiffusionModel, tolerance: Double, free: Int
  ) -> Int {
    var (fits, fails) = (0, prompts.count + 1)
    while fails - fits > 1 {
      let middle = (fits + fails) / 2
      let space = NullSpace(of: Array(prompts.prefix(middle)), in: model, tolerance: tolerance)
      if space.nullity >= free { fits = middle } else { fails = middle }
    }
    return fits
  }

  /// The rank that each prompt holds alone: the directions that leaving it out would free.
  package static func shares(
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
    var place: [[[Int]]: Int] = [:]
    var owners: [[Int]] = []
    var parts: [Tensor] = []
    for (p, prompt) in prompts.enumerated() {
      let tokens = prompt.isEmpty ? model.nothing : model.tokens(prompt)
      var fresh: [Int] = []
      // A prompt that the model encodes as zeros has one row of zeros in the place of its tokens' rows.
      for i in 0..<(tokens.isZero ? 1 : tokens.count) {
        let prefix = tokens.isZero ? [] : tokens.rows.map { Array($0[...i]) }
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
      let hidden = withoutGradients { model.embedKept(prompt).hidden[0, at: 0] }  // [L, D]
      parts.append(hidden.indexed(0, fresh).to(.cpu, .float64))
    }
    self.owners = owners
    stacked = Tensor.concatenate(parts)
  }

  /// The rows without those that prompt `p` alone has; nil when none is left.
  func stacked(without p: Int) -> Tensor? {
    let kept = owners.indices.filter { owners[$0] != [p] }
    return kept.isEmpty ? nil : stacked.indexed(0, kept)
  }
}
