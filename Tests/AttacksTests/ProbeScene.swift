import Diffusion
import Editing
import Foundation
import TestSupport
import Torch
import TorchNN

@testable import Attacks

/// A victim whose weights are others than the original's, for attacks that change the weights or the steps.
enum ProbeScene {
  static let prompts = [AttackedPrompt("a noto emoji of a fox", seed: 3)]

  static var sampling: SamplingOptions {
    var options = SamplingOptions()
    (options.steps, options.guidance) = (4, 3)
    return options
  }

  /// tiny-sd1 as original, and with other weights as victim.
  static func pair() throws -> (original: DiffusionModel, victim: DiffusionModel, Victim) {
    Runtime.threads = 1
    let original = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var weights: [ParameterPath: Tensor] = [:]
    for (path, tensor) in original.parameters.tensors where path.name.contains("attn2") {
      weights[path] = tensor * -1.5
    }
    let other = try original.replacing(weights)
    let victim = try Victim(
      other, original: original, concepts: [AttackScene.concept]
    ) { prompt in
      try original.images([prompt.prompt], seeds: [prompt.seed], sampling)[0]
    }
    return (original, other, victim)
  }

  static func pictures<A: Attack>(_ attack: A, _ victim: Victim) throws -> [Image] {
    var session = try attack.session(prompts, A.Target(victim), seed: 1)
    var found: [Image] = []
    while let attempt = try session.next([0])[0] {
      found += try session.images(of: [attempt], sampling) ?? []
    }
    return found
  }

  /// Mean difference of two pictures in levels of 255.
  static func difference(_ a: Image, _ b: Image) -> Double {
    let sum = zip(a.pixels, b.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    return Double(sum) / Double(a.pixels.count)
  }
}
