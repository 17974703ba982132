// The options that attacks run with, and where each of them comes from.
internal import Attacks
internal import Evaluation
internal import Torch
internal import Workbench

extension AttackRun {
  /// The options of the attacks as ATTACK.key, with their sources.
  func optionSources() throws -> [OptionSource] {
    try attacks.flatMap { try optionSources(of: $0) }
  }

  func optionSources<A: Attack>(of attack: A) throws -> [OptionSource] {
    try job.folder.sources(
      of: JSON(encoding: attack), defaults: JSON(encoding: A()), .attacks, [A.name],
      given: [given.of(A.name)], as: A.self
    ).map { OptionSource("\(A.name).\($0.key)", $0.value, $0.source) }
  }
}
