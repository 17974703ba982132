// The original's pictures in a comparison of runs: equal ones are counted once, and different ones stand apart.
internal import Evaluation
internal import Torch

/// The originals that the runs of a comparison were measured against.
struct ComparedOriginals {
  /// For each run, the runs that have its original's pictures; nil where all runs of its concept have the same.
  let names: [String?]

  init(_ runs: [(name: String, results: Results)]) {
    names = runs.map { own in
      let peers = runs.filter { $0.results.subjects == own.results.subjects }
      let same = peers.filter { $0.results.hasOriginal(of: own.results) }.map(\.name)
      guard same.count < peers.count else { return nil }
      return same.count < 4
        ? same.joined(separator: ", ")
        : "\(same[0]) and \(same.count - 1) more"
    }
  }
}

extension ResultRow {
  /// The axes by which two rows on the original's pictures are one measurement. Rates by a judge are told apart by it: rows of
  /// before had no profile.
  var axesOfOriginal: Axes {
    MeasuredPictures(named: metric) == nil ? with { $0.profile = nil }.axes : axes
  }
}

extension Results {
  fileprivate var subjects: Set<String> { Set(rows.map(\.subject)) }

  /// The original's value and n by subject, metric, judge and the other axes.
  private var originals: [ResultRow: MeasuredValue] {
    let judge = judges.first?.spec.description
    let own = rows.filter { $0.method == "original" }.map { row in
      let key = ResultRow(row.method, row.subject, MeasuredValue(row.metric, 0, n: 0), seeds: 0) {
        $0 = row.axesOfOriginal
        $0.judge = row.axes.judge ?? judge
      }
      return (key, row.measured)
    }
    return Dictionary(own) { first, _ in first }
  }

  /// Whether other results were measured against the same pictures: the model, the sampling and the pictures of a
  /// prompt are the same, and so is every number that both have. Intervals may be of another version's rules.
  fileprivate func hasOriginal(of other: Results) -> Bool {
    guard sampling == other.sampling, seeds == other.seeds, origin?.model == other.origin?.model
    else { return false }
    let known = other.originals
    return originals.allSatisfy { key, own in
      guard let there = known[key] else { return true }
      return own.n == there.n
        && (own.value == there.value || own.value.isNaN && there.value.isNaN)
    }
  }
}
