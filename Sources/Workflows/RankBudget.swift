package import Diffusion
package import Editing
internal import Torch

/// The directions of the text space that the erasers of a set keep, and those that are free.
package struct RankBudget {
  /// The budget of one concept's eraser. `rank` of `width` directions are kept for `prompts` prompts of other
  /// concepts.
  package struct Row {
    package var name: String
    package var prompts: Int
    package var rank: Int
    package var width: Int
    /// Whether the eraser keeps the prompts of all other concepts of the set.
    package var isUpToDate: Bool
    /// The number of free directions.
    package var nullity: Int { width - rank }
  }
  package let rows: [Row]

  /// The least tolerance at which every eraser of the set has free directions, and the fewest that one has; nil where
  /// none gives them, or all have some.
  package func larger(
    _ set: EraserSet, _ model: DiffusionModel, than tolerance: Double
  ) -> (tolerance: Double, free: Int)? {
    let full = rows.filter { $0.nullity == 0 }
    let found = full.map { row in
      NullSpace.tolerance(
        leaving: max(1, row.width / 32), of: [""] + set.kept(for: row.name), in: model,
        above: tolerance)
    }
    guard !found.contains(where: { $0 == nil }) else { return nil }
    return found.compactMap(\.self).max { $0.tolerance < $1.tolerance }
  }

  package init(_ set: EraserSet, _ model: DiffusionModel, tolerance: Double) {
    rows = set.card.entries.map { entry in
      let kept = set.kept(for: entry.name)
      let space = NullSpace(of: [""] + kept, in: model, tolerance: tolerance)
      return Row(
        name: entry.name, prompts: kept.count + 1, rank: space.rank, width: space.width,
        isUpToDate: !entry.isTrained || Set(kept).isSubset(of: entry.keeps))
    }
  }
}
