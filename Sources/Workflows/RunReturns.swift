internal import Evaluation
internal import Reports
internal import Workbench

/// Findings of the attacks and fine-tunings that tried to bring a run's concept back.
struct RunReturns {
  private let folder: RunFolder

  init(_ folder: RunFolder) { self.folder = folder }

  /// The findings in sentences.
  func sentences() throws -> [String] {
    var found: [String] = []
    if folder.has("attack/results.json") {
      let results = try RunFolder(folder.file("attack")).results()
      found +=
        try doubt(on: results, "attacks").map { [$0] }
        ?? (AttackPage.verdict(results)?.lines ?? []) + budgets(results)
    }
    if folder.has("relearn/results.json") {
      let results = try RunFolder(folder.file("relearn")).results()
      found +=
        try doubt(on: results, "fine-tunings").map { [$0] }
        ?? (RelearningPage.verdict(results)?.lines ?? []) + budgets(results)
    }
    return found
  }

  /// The sentences on attacks and fine-tunings that did less than their papers.
  private func budgets(_ results: Results) -> [String] {
    results.notes.filter { $0.contains("below its full budget") }
      .map { $0.hasSuffix(".") ? $0 : $0 + "." }
  }

  /// A sentence in the place of rates by a judge that the run's evaluation found unable to tell; nil for others.
  private func doubt(on results: Results, _ noun: String) throws -> String? {
    guard folder.has("results.json") else { return nil }
    // The results of a fine-tuning name no judge: it asks the first of the run's.
    let named = try results.judges.first ?? folder.results().judges.first
    guard let spec = named?.spec, try folder.quality(of: spec)?.standing == .cannotTell else {
      return nil
    }
    return
      "\(spec) judged the \(noun), and it cannot tell the concept, so their rates are left out."
  }
}
