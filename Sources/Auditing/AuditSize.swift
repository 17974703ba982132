package import Attacks
internal import Evaluation
package import Torch
package import Workbench

/// The number of pictures of an audit.
package struct AuditSize: Codable, Sendable, Hashable, BoundedOptions {
  private static let many = Bound.whole(1...1_000_000)
  private static let some = Bound.whole(0...1_000_000)
  package static let bounds: [String: Bound] = [
    "prompts": many, "neighbours": some, "wordings": many, "attacked": some, "relearning": some,
    "repetitions": many, "relearned": many, "steps": .whole(1...1000),
    "guidance": .guidance,
  ]

  /// Distinct prompts for the concept; the seeded half of them is drawn.
  package var prompts = 160
  /// Other subjects of each distance, and prompts for each of them.
  package var neighbours = 12
  package var wordings = 3
  package var attacks = ["none", "random", "seeds", "handover", "latent", "deployment"]
  /// Prompts that are attacked.
  package var attacked = 10
  /// Options of the attacks, under those of the model's `attacks.json`.
  package var settings: NamedSettings = [
    "random.attempts": 3, "seeds.attempts": 3, "deployment.pruned": [0.2],
    "deployment.averaged": [0.5],
  ]
  /// Steps of fine-tuning, its repetitions and the prompts that are judged; 0 steps leave it out.
  package var relearning = 100
  package var repetitions = 1
  package var relearned = 8
  package var steps = 25
  package var guidance = 7.5

  package init() {}

  /// Under 15 minutes for a model of the embedded size on two cores.
  package static let quick = AuditSize()

  /// The whole catalog with the attacks' own defaults. Fine-tuning is a question of its own.
  package static func full(_ catalog: AttackCatalog) -> AuditSize {
    var size = AuditSize()
    (size.prompts, size.neighbours) = (400, 20)
    size.attacks = catalog.names.filter { $0 != Relearning.name }
    (size.attacked, size.settings) = (50, [:])
    (size.relearning, size.repetitions, size.relearned) = (300, 3, 10)
    return size
  }
}
