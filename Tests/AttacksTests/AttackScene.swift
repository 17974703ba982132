import Diffusion
import Editing
import TestSupport
import Torch
import Training

@testable import Attacks

/// The prompts, the concept and the victim of small attacks.
enum AttackScene {
  static let prompts = [
    AttackedPrompt("a noto emoji of a fox", seed: 1), AttackedPrompt("a fox", seed: 2),
    AttackedPrompt("an umbrella, symbola style", seed: 3),
  ]

  static let concept = Concept(
    "fox",
    phrases: [
      .init("a noto emoji of a fox", words: "fox", anchor: "a noto emoji"),
      .init("a fox", words: "fox", anchor: ""),
    ])

  static func model() throws -> DiffusionModel {
    try DiffusionModel.load(Fixtures.url("tiny-sd1"))
  }

  static func victim(_ model: DiffusionModel) throws -> Victim {
    try Victim(model, original: model, concepts: [concept]) { prompt in
      var options = SamplingOptions()
      options.steps = 2
      return try model.images([prompt.prompt], seeds: [prompt.seed], options)[0]
    }
  }

  /// A session with the part of the victim that the attack's type names.
  static func session(
    _ attack: any Attack, _ prompts: [AttackedPrompt], _ victim: Victim, seed: UInt64
  ) throws -> any AttackSession {
    func begin<A: Attack>(_ attack: A) throws -> any AttackSession {
      try attack.session(prompts, A.Target(victim), seed: seed)
    }
    return try begin(attack)
  }

  /// Prompts for an attack that is held against random tokens.
  static let many = [
    "a fox", "a noto emoji of a fox", "an umbrella", "a red bus", "an owl at night",
  ].enumerated().map { AttackedPrompt($1, seed: UInt64($0)) }

  /// The mean over ``many`` of the lowest of some attempts' losses, one attempt a round.
  /// - Parameter loss: the loss of an attempt on a prompt, on draws that no attack saw
  static func best(
    of rounds: Int, _ attack: any Attack, _ victim: Victim, seed: UInt64,
    _ loss: (Attempt, Int) throws -> Double
  ) throws -> Double {
    var session = try session(attack, many, victim, seed: seed)
    var best = many.map { _ in Double.infinity }
    for _ in 0..<rounds {
      for (i, attempt) in try session.next(Array(many.indices)) {
        best[i] = min(best[i], try loss(attempt, i))
      }
    }
    return best.reduce(0, +) / Double(best.count)
  }

  static func small<A: Attack>(_ type: A.Type) -> any Attack { A.tiny }
}
