// `lethe bench relearning`: erasures with and without a wrapping method, Meta-Unlearning, fine-tuned on the erased
// concept.
internal import Attacks
internal import Editing
public import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Unlearning
internal import Workbench
internal import Workflows

/// The benchmark `lethe bench relearning`.
public struct RelearningBenchmark: Benchmark {
  public static let kind = Results.Kind.benchRelearning
  public var options: BenchmarkOptions
  /// The concepts, each of which every method erases.
  public var concepts: [String]
  /// Names of methods or of variants, each plain and inside Meta-Unlearning.
  public var methods = [
    "esd-u-captions-1", "esd-u-captions-3", "sdd", "uce", "rece", "erasediff", "advunlearn-u",
  ]
  /// Methods that run plain only, each with the method of which it is a stronger form.
  public var controls = ["esd-u-captions-3": "esd-u-captions-1", "esd-u-3": "esd-u-1"]
  /// The number of fine-tunings of each model on each set of pictures.
  public var seeds = 3
  /// The number of prompts of each concept that are judged.
  public var prompts = 10
  /// The number of pictures behind each loss, none of which is trained on.
  package var unseen = 16

  /// The method that wraps the others.
  public var outer = MetaUnlearning.name
  /// Variants of ``outer`` without one of its parts, which run around ``controlled`` methods.
  public var outerControls = ["meta-keep", "meta-ascent"]
  /// The methods that also run inside ``outerControls``.
  public var controlled = ["esd-u-captions-1", "uce"]

  /// A benchmark of the default methods on concepts.
  public init(_ options: BenchmarkOptions, concepts: [String]) {
    (self.options, self.concepts) = (options, concepts)
  }

  public func trials() throws -> [Trial] {
    let named = try options.settings.of(
      oneOf: methods + [outer, Relearning.name] + outerControls, "method")
    let tuning = try Relearn.tuning(
      [named.of(Relearning.name)], of: options.model, in: options.catalogs.attacks)
    return try concepts.flatMap { concept in
      let suite = try options.suite(of: options.job("none", concept))
      return try methods.flatMap { name -> [Trial] in
        let variant = options.catalogs.methods.variant(named: name)
        let plain = try Erase(
          options.job(variant.method, concept), [Settings(variant.options), named.of(name)],
          variant: name, catalogs: options.catalogs)
        let trials = [try trial(concept, name, inside: nil, plain, tuning, suite)]
        guard controls[name] == nil else { return trials }
        let handed = try wrapper(around: variant.method).undecided(plain.job.options)
        let inner: Settings = ["base": .string(variant.method), "options": handed]
        let outers = [outer] + (controlled.contains(name) ? outerControls : [])
        return try trials
          + outers.map { around in
            let reduced = options.catalogs.methods.variant(named: around)
            let wrapped = try Erase(
              options.job(outer, concept),
              [inner, named.of(outer)]
                + (around == outer ? [] : [Settings(reduced.options), named.of(around)]),
              variant: around == outer ? nil : around, catalogs: options.catalogs)
            return try trial(concept, name, inside: around, wrapped, tuning, suite)
          }
      }
    }
  }

  private func wrapper(around name: String) throws -> any WrappingMethod {
    let made = try options.catalogs.methods.method(outer, ["base": .string(name)])
    guard let wrapping = made as? any WrappingMethod else {
      throw LetheError.request("'\(outer)' wraps no other method")
    }
    return wrapping
  }

  private func trial(
    _ concept: String, _ name: String, inside outer: String?, _ erase: Erase,
    _ tuning: Relearning, _ suite: PromptSuite
  ) throws -> Trial {
    let erasure = try ErasureTrial(erase, options, suite)
    var relearn = try Relearn(
      erase.job, tuning, options.evaluation, suite, judge: options.judges.first, prompts: prompts)
    (relearn.seeds, relearn.seed, relearn.command) = (seeds, options.seed, options.command)
    (relearn.catalogs, relearn.unseen) = (options.catalogs, unseen)
    let folder = (name + (outer.map { " \($0)" } ?? "")).slug
    let plan: (Device) throws -> Trial.Plan = { [relearn] device in
      var plan = try erasure.plan(on: device)
      plan.work = plan.work + (try relearn.work(on: device))
      plan.steps += seeds * relearn.trained.count * tuning.training.steps
      return plan
    }
    return Trial("\(concept.slug)/\(folder)", plan: plan) { [relearn] part, whole, device in
      let shared = try Run(whole.file(concept.slug), seed: options.seed)
      let (eraser, results) = try erasure(in: part, beside: shared, on: device)
      let curve = try relearn(in: part, eraser: eraser, on: device)
      var found = Trial.Findings(
        results, of: concept, by: outer.map { "\($0)-\(name)" } ?? name)
      found.rows = (results.rows + curve.rows).map { row in
        guard row.method != "original" else { return row }
        var row = row
        (row.method, row.axes.inside) = (name, outer)
        return row
      }
      let label = RowLabel(name, inside: outer)
      found.relearned = try Relearn.hits(in: part).map {
        ControlledGain.Relearned(label: label, concept: erase.job.subject, hits: $0)
      }
      return found
    }
  }

  /// Adds the success rates, and the gain of ``outer`` over its controls on the same prompts.
  public func complete(_ results: inout Results, with findings: [Trial.Findings]) {
    complete(&results)
    let counted = Set(results.counted.tested.rows.map(\.subject))
    results.rows += ControlledGain(findings.flatMap(\.relearned), counting: counted)
      .rows(of: outer, around: methods.filter(controlled.contains), against: outerControls)
  }

  /// Adds the success rates over all concepts and fine-tunings, and the label that each label is compared with.
  public func complete(_ results: inout Results) {
    let rows = results.counted.tested.rows.filter { $0.method != "original" }
    let labels = rows.map(\.label).unique
    for row in rows {
      let base = row.axes.inside == nil ? controls[row.method] : row.method
      if let base = base.map({ RowLabel($0) }), labels.contains(base) {
        results.baselines[row.label] = base
      }
    }
    let alone = rows.filter { $0.metric == "success" && $0.axes.seed != nil }
    struct Place: Hashable {
      let label: RowLabel
      let trainedOn: TuningSet?
      let step: Int?
    }
    func place(_ row: ResultRow) -> Place {
      Place(label: row.label, trainedOn: row.axes.trainedOn, step: row.axes.step)
    }
    let groups = Dictionary(grouping: alone, by: place)
    results.rows += alone.map(place).unique.compactMap { key -> ResultRow? in
      guard let own = groups[key], let first = own.first,
        let pooled = own.overRepetitions("success")
      else {
        return nil
      }
      return ResultRow(first.method, ResultRow.allSubjects, pooled, seeds: seeds) {
        $0 = first.axes
        $0.seed = nil
      }
    }
  }
}
