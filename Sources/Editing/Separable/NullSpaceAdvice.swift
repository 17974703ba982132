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
    return "\(prompts.count) prompts to keep use all \(width) directions of the text space at "
      + "tolerance \(tolerance)\(drop). Keep fewer prompts"
  }
}
