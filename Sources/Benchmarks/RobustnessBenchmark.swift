// `lethe bench robustness`: erased models under several attacks.
internal import Attacks
internal import Editing
public import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Unlearning
internal import Workbench
internal import Workflows

/// The benchmark `lethe bench robustness`.
public struct RobustnessBenchmark: Benchmark {
  public static let kind = Results.Kind.benchRobustness
  public var options: BenchmarkOptions
  /// The concepts, each of which every method erases.
  public var concepts: [String]
  /// Names of methods or of variants. `none` is the original under attack.
  public var methods = ["none", "esd-x", "esd-u", "uce", "advunlearn", "advunlearn-fast"]
  /// Names of attacks.
  public var attacks: [String]
  /// The number of prompts of each concept that are attacked.
  public var prompts = 10
  /// The probability, 0 to 1, that the judge must give the concept for a success. The concept must also be its first
  /// choice.
  public var threshold = 0.0

  /// A benchmark of the default methods under all attacks.
  public init(_ options: BenchmarkOptions, concepts: [String]) {
    (self.options, self.concepts) = (options, concepts)
    attacks = options.catalogs.attacks.names
  }

  public func trials() throws -> [Trial] {
    let named = try options.settings.of(oneOf: methods + attacks, "method or attack")
    let configured = try attacks.map {
      try AttackRun.configured($0, [named.of($0)], of: options.model, in: options.catalogs.attacks)
    }
    return try concepts.flatMap { concept in
      let suite = try options.suite(of: options.job("none", concept))
      return try methods.map { name in
        let variant = options.catalogs.methods.variant(named: name)
        let job = try options.job(variant.method, concept)
        let erasure =
          variant.method == "none"
          ? nil
          : try ErasureTrial(
            Erase(
              job, [Settings(variant.options), named.of(name)], variant: name,
              catalogs: options.catalogs),
            options, suite)
        var attack = try AttackRun(
          erasure?.erase.job ?? job, configured, options.evaluation, suite,
          judge: options.judges.first, limit: prompts)
        (attack.seed, attack.threshold, attack.command) = (
          options.seed, threshold, options.command
        )
        attack.catalogs = options.catalogs
        let plan: (Device) throws -> Trial.Plan = { [attack] device in
          _ = try attack.openJudge(on: device)
          var plan = try erasure?.plan(on: device) ?? Trial.Plan()
          plan.work =
            plan.work
            + WorkEstimate(configured, on: attack.samples, options.evaluation.sampling)
          return plan
        }
        return Trial("\(concept.slug)/\(name)", plan: plan) { [attack] part, whole, device in
          var attack = attack
          let shared = try Run(whole.file(concept.slug), seed: options.seed)
          attack.shared = shared.folder
          var erased: [ResultRow] = []
          var methodSettings: [OptionSource] = []
          let eraser: Eraser
          if let erasure {
            let (made, results) = try erasure(in: part, beside: shared, on: device)
            (eraser, erased) = (made, results.rows + erasure.cost(part, name))
            methodSettings = Trial.Findings(results, of: concept, by: name).settings
          } else {
            var card = Eraser.Card()
            card.base = try options.model.model(on: device).hash()
            eraser = Eraser(card, .zero)
          }
          let attacked = try attack(in: part, eraser: eraser, on: device)
          var found = Trial.Findings(attacked, of: concept, by: name)
          // An attack's options have its name already.
          found.settings = methodSettings + (attacked.origin?.settings ?? [])
          found.notes += configured.compactMap { AttackBudget.note($0) }
          found.rows = (erased + attacked.rows).map { row in
            var row = row
            if row.method != "original" { row.method = name }
            return row
          }
          found.pictures = attacked.pictures.shown(prompts: 2).map { picture in
            var picture = picture
            picture.method = name
            picture.file = "\(concept.slug)/\(name)/attack/\(picture.file)"
            return picture
          }
          return found
        }
      }
    }
  }
}

extension [ResultPicture] {
  /// The pictures of the first prompts. Each prompt's pictures begin with that of the original.
  fileprivate func shown(prompts: Int) -> [ResultPicture] {
    var begun = 0
    return filter { picture in
      if picture.method == "original" { begun += 1 }
      return begun <= prompts
    }
  }
}
