// The successes of fine-tuning after a wrapping method less those after its control, on the same prompts:
//
//   d  =  mean over pictures of   hits_p / n_p  -  hits'_p / n'_p        p: prompt, fine-tuning
//
// Prompts are resampled, with all pictures and fine-tunings of each together, as in the other intervals of the page. The
// prompts of a concept share one erasure, which is not resampled: the intervals cover neither other trainings nor, over all
// concepts, others.
internal import Evaluation
internal import Workflows

struct ControlledGain {
  /// The hits of a prompt after fine-tuning a model that was erased by a method.
  struct Relearned: Codable, Hashable {
    var label: RowLabel
    var concept: String
    var hits: Relearn.Point.Hits
  }

  /// A prompt in one fine-tuning of a model without the concept.
  private struct Place: Hashable {
    let concept: String
    let text: String
    let set: TuningSet
    let step: Int
    let seed: Int
  }

  private let found: [RowLabel: [Relearned]]
  /// The concepts that count in the row on all of them.
  private let counted: Set<String>

  init(_ found: [Relearned], counting counted: Set<String>) {
    (self.found, self.counted) = (Dictionary(grouping: found, by: \.label), counted)
  }

  /// `beyond-control` of every concept, and of all of them, after every number of steps. Negative: less comes back than
  /// after the control. None where a curve of before does not tell the prompts apart. `without-partner` counts prompts of
  /// a fine-tuning that one side alone has, and that no difference has.
  func rows(of outer: String, around methods: [String], against controls: [String]) -> [ResultRow] {
    methods.flatMap { method in
      controls.flatMap { control in rows(method, outer, against: control) }
    }
  }

  private func rows(_ method: String, _ outer: String, against control: String) -> [ResultRow] {
    let own = found[RowLabel(method, inside: outer)] ?? []
    let others = Dictionary(
      (found[RowLabel(method, inside: control)] ?? []).map { (place($0), $0.hits.text) }
    ) { first, _ in first }
    let pairs = own.compactMap { hit in
      others[place(hit)].map { (place: place(hit), own: hit.hits.text, other: $0) }
    }
    let seeds = pairs.map(\.place.seed).unique.count
    let (mine, theirs) = (Set(own.map(place)), Set(others.keys))
    /// The prompts of fine-tunings on a set that have no partner.
    func unpaired(_ set: TuningSet) -> ResultRow? {
      let all = mine.union(theirs).filter { $0.set == set }
      let alone = mine.symmetricDifference(theirs).count { $0.set == set }
      guard alone < all.count else { return nil }
      let count = MeasuredValue(
        MeasuredValue.withoutPartner, Double(alone), .count, n: all.count)
      return ResultRow(method, ResultRow.allSubjects, count, seeds: seeds) {
        ($0.inside, $0.against, $0.trainedOn) = (outer, control, set)
      }
    }
    func row(
      _ subject: String, _ set: TuningSet, _ step: Int, _ isOf: (String) -> Bool
    ) -> ResultRow? {
      let here = pairs.filter {
        $0.place.set == set && $0.place.step == step && isOf($0.place.concept)
      }
      // Every picture has its prompt's difference.
      let pictures = here.flatMap { pair in
        Array(
          repeating: (
            prompt: [pair.place.concept, pair.place.text],
            difference: share(pair.own) - share(pair.other)
          ), count: pair.own.n)
      }
      guard !pictures.isEmpty else { return nil }
      let gain = ClusterBootstrap(pictures.map(\.prompt)).change(
        MeasuredValue.beyondControl, pictures.map(\.difference))
      return ResultRow(method, subject, gain, seeds: seeds) {
        ($0.inside, $0.against, $0.trainedOn, $0.step) = (outer, control, set, step)
      }
    }
    let concepts = pairs.map(\.place.concept).unique
    return TuningSet.allCases.flatMap { set in
      pairs.map(\.place.step).unique.sorted().flatMap { step in
        concepts.compactMap { name in row(name, set, step) { $0 == name } }
          + [row(ResultRow.allSubjects, set, step, counted.contains)].compactMap(\.self)
      } + [unpaired(set)].compactMap(\.self)
    }
  }

  private func place(_ hit: Relearned) -> Place {
    Place(
      concept: hit.concept, text: hit.hits.text.text, set: hit.hits.set, step: hit.hits.step,
      seed: hit.hits.seed)
  }

  private func share(_ text: Relearn.Point.Text) -> Double { Double(text.hits) / Double(text.n) }
}
