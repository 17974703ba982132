// `lethe bench robustness`: erasures and every attack on them.
internal import Attacks
internal import Editing
public import Evaluation
internal import Foundation
internal import Torch
internal import Training

public struct RobustnessBenchmark: Benchmark {
  public static let kind = Results.Kind.benchRobustness
  public var options: BenchmarkOptions
  public var concepts: [String]
  /// Names of methods or of variants; `none` is the original under attack.
  public var methods = ["none", "esd-x", "esd-u", "uce", "advunlearn", "advunlearn-fast"]
  public var attacks: [String]
  /// Prompts of each concept that are attacked.
  public var prompts = 10
  /// Belief of the judge that counts as a success, where it is also its first choice.
  public var threshold = 0.0

  public init(_ options: BenchmarkOptions, concepts: [String]) {
    (self.options, self.concepts) = (options, concepts)
    attacks = options.catalogs.attacks.names
  }

  public func trials() throws -> [Trial] {
    let named = try NamedSettings(options.settings, of: methods + attacks, "method or attack")
    let configured = try attacks.map {
      try AttackRun.configured($0, named.of($0), of: options.model, in: options.catalogs.attacks)
    }
    return try concepts.flatMap { concept in
      try methods.map { name in
        let variant = MethodVariant.named(name)
        let job = EraseJob(
          options.model, variant.method, concept, seed: options.seed, command: options.command)
        let erasure =
          variant.method == "none"
          ? nil
          : try ErasureTrial(
            Erase(
              job, settings: variant.settings + named.of(name), variant: variant.name,
              catalogs: options.catalogs),
            options.evaluation)
        var attack = try AttackRun(
          erasure?.erase.job ?? job, configured, options.evaluation, limit: prompts)
        (attack.seed, attack.threshold, attack.command) = (
          options.seed, threshold, options.command
        )
        return Trial("\(concept.slug)/\(name)") { [attack] part, whole, device in
          var attack = attack
          let shared = try Run(whole.file(concept.slug), seed: options.seed)
          attack.shared = shared.folder
          var found = Trial.Findings()
          let eraser: Eraser
          if let erasure {
            let (made, results) = try erasure(in: part, beside: shared, on: device)
            (eraser, found.rows) = (made, results.rows + erasure.cost(part, name))
          } else {
            var card = Eraser.Card()
            card.base = try options.model.model(on: device).hash()
            eraser = Eraser(card, .zero)
          }
          let attacked = try attack(in: part, eraser: eraser, on: device)
          found.rows = (found.rows + attacked.rows).map { row in
            var row = row
            if row.method != "original" { row.method = name }
            return row
          }
          found.judge = attacked.judge
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
  /// The pictures of the first prompts; each prompt's begin with the original's.
  fileprivate func shown(prompts: Int) -> [ResultPicture] {
    var begun = 0
    return filter { picture in
      if picture.method == "original" { begun += 1 }
      return begun <= prompts
    }
  }
}
