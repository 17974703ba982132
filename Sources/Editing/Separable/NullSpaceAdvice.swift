package import Diffusion
internal import Torch

extension NullSpace {
  /// A sentence for prompts that leave no direction free. It names those that hold most directions, and those to drop.
  package func advice(
    on prompts: [String], in model: DiffusionModel, tolerance: Double
  ) -> String {
    let held = Self.shares(of: prompts, in: model, tolerance: tolerance)
      .filter { $0.rank > 0 && !$0.prompt.isEmpty }.sorted { $0.rank > $1.rank }
    var drop = ""
    if !held.isEmpty {
      let most = held.prefix(3).map { "'\($0.prompt)' (\($0.rank))" }.joined(separator: ", ")
      drop = "; the prompts that use most directions, each alone: \(most)"
    }
    let free = max(1, width / 32)
    let fits = Self.fitting(prompts, in: model, tolerance: tolerance, free: free)
    if fits > 0, fits < prompts.count {
      drop +=
        "; the first \(fits) of them would leave \(free) free, so drop \(prompts.count - fits), "
        + "'\(prompts[fits])' and those after it"
    }
    let larger = Self.tolerance(leaving: free, of: prompts, in: model, above: tolerance)
    let option = larger.map { "--set tolerance=\($0.tolerance) leaves \($0.free) free" }
    return
      "\(prompts.count.counted("prompt")) to keep \(prompts.count == 1 ? "uses" : "use") all \(width) directions of the text space at "
      + "tolerance \(tolerance)\(drop). \(option ?? "No tolerance leaves enough"); otherwise keep fewer prompts"
  }

  /// The least tolerance, of tenfold steps, at which prompts leave directions free, and the number of those; nil where
  /// none does. A larger tolerance keeps prompts less exactly.
  package static func tolerance(
    leaving free: Int, of prompts: [String], in model: DiffusionModel, above tolerance: Double
  ) -> (tolerance: Double, free: Int)? {
    for larger in [1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1] where larger > tolerance {
      let space = NullSpace(of: prompts, in: model, tolerance: larger)
      if space.nullity >= free { return (larger, space.nullity) }
    }
    return nil
  }
}
