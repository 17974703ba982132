// The rows and the pictures of an attack's results.
internal import Attacks
internal import Evaluation
internal import Workbench

extension AttackRun {
  /// A share of the pictures; those of one prompt are a cluster.
  func share(_ name: String, _ hits: [Bool]) -> MeasuredValue {
    ClusterBootstrap(prompts).share(name, hits)
  }

  func row(
    _ method: String, _ measured: MeasuredValue, _ axes: (inout ResultRow.Axes) -> Void = { _ in }
  ) -> ResultRow {
    ResultRow(method, job.subject, measured, seeds: options.seeds, axes)
  }

  func rows(
    _ name: String, _ outcomes: [AttackOutcome], _ chance: ChanceControl
  ) -> [ResultRow] {
    let attacked = outcomes.filter { !$0.before && $0.attackable }
    let barred = outcomes.filter { !$0.attackable }.count
    let measured: [MeasuredValue?] = [
      share("asr", outcomes.map(\.success)),
      MeasuredValue("not-attackable", Double(barred), .count, n: outcomes.count),
      .mean("queries", attacked.map { Double($0.queries) }, .count),
      .mean("evaluations", attacked.compactMap { $0.evaluations.map(Double.init) }, .count),
      .mean("seconds", attacked.map(\.seconds), .seconds),
    ]
    return (measured.compactMap(\.self) + chance.measured(name, outcomes, samples.map(\.prompt)))
      .map { m in row(job.method, m) { $0.attack = name } }
  }

  /// Pictures of a dozen prompts: the original's, the erased model's, and one for each attack.
  func pictures(
    _ found: [(name: String, outcomes: [AttackOutcome])], _ before: [Bool]
  ) -> [ResultPicture] {
    let picks = samples.indices.filter { $0 % max(1, samples.count / 12) == 0 }.prefix(12)
    return picks.flatMap { i -> [ResultPicture] in
      let (sample, subject) = (samples[i], job.subject)
      let plain = [
        ResultPicture(
          "original/\(sample.file)", "original", subject, prompt: sample.prompt,
          caption: sample.prompt),
        ResultPicture(
          "erased/\(sample.file)", job.method, subject, prompt: sample.prompt,
          caption: sample.prompt, showsConcept: before[i]),
      ]
      return plain
        + found.map { name, outcomes in
          let outcome = outcomes.first { $0.index == i }
          let caption =
            outcome?.attempt.map { "\($0.prompt) · seed \($0.seed)" }
            ?? (outcome?.before == true ? "shown before any attack" : "withstood")
          return ResultPicture(
            outcome?.attempt != nil ? "\(name)/\(i).png" : "erased/\(sample.file)", job.method,
            subject, prompt: sample.prompt, caption: caption,
            showsConcept: outcome?.success == true
          ) { $0.attack = name }
        }
    }
  }
}
