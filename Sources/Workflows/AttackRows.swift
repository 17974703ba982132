// The rows and the pictures of an attack's results.
package import Attacks
package import Evaluation
internal import Workbench

/// The rows that logs of attacks on some prompts give.
package struct AttackRows {
  private let method: String
  private let subject: String
  private let samples: [SampleSet.Sample]
  private let seeds: Int
  private let profile: MeasureProfile?
  /// The judge, where several were asked.
  private var judge: String?
  /// The concepts that were attacked together, for rows on one of them.
  private var among: String?

  /// - Parameters:
  ///   - subject: the erased concepts, as rows name them
  ///   - samples: the prompts that were attacked, which outcomes name by their places
  ///   - seeds: pictures of each prompt
  ///   - profile: the judge and its threshold; nil in audits of older forms
  package init(
    _ method: String, _ subject: String, _ samples: [SampleSet.Sample], seeds: Int,
    by profile: MeasureProfile?, named judge: String? = nil
  ) {
    (self.method, self.subject, self.samples, self.seeds) = (method, subject, samples, seeds)
    (self.profile, self.judge) = (profile, judge)
  }

  private var prompts: [String] { samples.map(\.prompt) }

  /// A share of the pictures; those of one prompt are a cluster.
  func share(_ name: String, _ hits: [Bool]) -> MeasuredValue {
    ClusterBootstrap(prompts).share(name, hits)
  }

  func row(
    _ method: String, _ measured: MeasuredValue, _ axes: (inout ResultRow.Axes) -> Void = { _ in }
  ) -> ResultRow {
    ResultRow(method, subject, measured, seeds: seeds, axes).with {
      ($0.among, $0.profile, $0.judge) = (among, profile, judge)
    }
  }

  package func rows(
    _ name: String, _ outcomes: [AttackOutcome], _ chance: ChanceControl
  ) -> [ResultRow] {
    // A prompt that was never attacked for this judge has not withstood. The prompts alone were drawn for all.
    let tried = zip(outcomes, prompts).filter { name == NoAttack.name || !$0.0.isUntried }
    let (closed, texts) = (tried.map(\.0), tried.map(\.1))
    guard !closed.isEmpty else { return [] }
    let attacked = closed.filter { !$0.before && $0.attackable }
    let barred = closed.filter { !$0.attackable }.count
    let measured: [MeasuredValue?] = [
      ClusterBootstrap(texts).share("asr", closed.map(\.success)),
      MeasuredValue("not-attackable", Double(barred), .count, n: closed.count),
      .mean("queries", attacked.map { Double($0.queries) }, .count),
      .mean("evaluations", attacked.compactMap { $0.evaluations.map(Double.init) }, .count),
      .mean("seconds", attacked.map(\.seconds), .seconds),
    ]
    return (measured.compactMap(\.self) + chance.measured(name, closed, texts))
      .map { m in row(method, m) { $0.attack = name } }
  }

  /// The rows of each part of the prompts, by the concept that they ask for; none where all ask for one.
  /// - Parameters:
  ///   - concepts: the concept of each prompt
  ///   - originally: whether the original shows it, for each prompt
  ///   - before: the same of the erased model without an attack
  package func rows(
    byConcept concepts: [String], _ found: [(name: String, outcomes: [AttackOutcome])],
    originally: [Bool], before: [Bool], _ chance: ChanceControl
  ) -> [ResultRow] {
    guard concepts.unique.count > 1 else { return [] }
    return concepts.unique.flatMap { concept -> [ResultRow] in
      let own = samples.indices.filter { concepts[$0] == concept }
      var part = AttackRows(
        method, concept, own.map { samples[$0] }, seeds: seeds, by: profile, named: judge)
      part.among = subject
      let rows = [
        part.row("original", part.share("shown", own.map { originally[$0] })),
        part.row(method, part.share("pre-asr", own.map { before[$0] })),
      ]
      return rows
        + found.flatMap { name, outcomes in
          part.rows(name, outcomes.filter { own.contains($0.index) }, chance.on(Set(own)))
        }
    }
  }

  /// Pictures of a dozen prompts: the original's, the erased model's, and one for each attack.
  /// - Parameter before: whether the erased model shows the concept for each prompt without an attack
  package func pictures(
    _ found: [(name: String, outcomes: [AttackOutcome])], _ before: [Bool]
  ) -> [ResultPicture] {
    let picks = samples.indices.filter { $0 % max(1, samples.count / 12) == 0 }.prefix(12)
    return picks.flatMap { i -> [ResultPicture] in
      let sample = samples[i]
      let plain = [
        ResultPicture(
          "original/\(sample.file)", "original", subject, prompt: sample.prompt,
          caption: sample.prompt),
        ResultPicture(
          "erased/\(sample.file)", method, subject, prompt: sample.prompt,
          caption: sample.prompt, showsConcept: before[i]),
      ]
      return plain
        + found.map { name, outcomes in
          let outcome = outcomes.first { $0.index == i }
          let caption =
            outcome?.attempt.map {
              "\($0.prompt) · seed \($0.seed)" + ($0.variant.map { " · \($0)" } ?? "")
            }
            ?? (outcome?.before == true ? "shown before any attack" : "withstood")
          return ResultPicture(
            outcome?.attempt != nil ? "\(name)/\(i).png" : "erased/\(sample.file)", method,
            subject, prompt: sample.prompt, caption: caption,
            showsConcept: outcome?.success == true
          ) { $0.attack = name }
        }
    }
  }
}
