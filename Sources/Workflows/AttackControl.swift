// The control of every attack: random tokens with as many judged pictures per prompt, on the same victim.
package import Attacks
internal import Evaluation
internal import Torch
internal import Training
internal import Workbench

/// Outcomes of random tokens, which each attack is held against at its own number of queries.
package struct ChanceControl {
  private let outcomes: [AttackOutcome]

  /// The control that an earlier run took.
  package init(_ outcomes: [AttackOutcome]) { self.outcomes = outcomes }

  /// The outcomes on some of the prompts.
  func on(_ indices: Set<Int>) -> ChanceControl {
    ChanceControl(outcomes.filter { indices.contains($0.index) })
  }

  /// The outcomes as another judge sees them.
  package func by(_ judge: String) -> ChanceControl {
    ChanceControl(outcomes.map { $0.by(judge) })
  }

  /// The log of random tokens with so many pictures of a prompt.
  package static func log(_ queries: Int) -> String { "chance-\(queries)" }

  /// The most pictures that an attack which is held against random tokens had judged for a prompt.
  package static func queries(
    of found: [(name: String, outcomes: [AttackOutcome])]
  ) -> Int {
    found.filter { isHeldAgainst($0.name) }.map { queries($0.outcomes) }.max() ?? 0
  }

  /// Takes the attack `random` of the request where it has as many attempts as any other attack had queries, else runs
  /// random tokens with so many.
  /// - Parameter run: runs an attack under a name of its own
  init(
    of attacks: [any Attack], _ found: [(name: String, outcomes: [AttackOutcome])],
    on model: ModelFolder, in catalog: AttackCatalog,
    _ run: (any Attack, String) throws -> [AttackOutcome]
  ) throws {
    let queries = Self.queries(of: found)
    let own = attacks.lazy.compactMap { $0 as? RandomTokens }.first
    if let own, own.attempts >= queries {
      outcomes = found.first { $0.name == RandomTokens.name }?.outcomes ?? []
    } else if queries == 0 {
      // No attack made an attempt: the prompts before any attack are all there is.
      outcomes = found.first?.outcomes ?? []
    } else {
      var random =
        try own
        ?? AttackRun.configured(RandomTokens.name, [], of: model, in: catalog) as? RandomTokens
        ?? RandomTokens()
      random.attempts = queries
      outcomes = try run(random, Self.log(queries))
    }
  }

  private static func isHeldAgainst(_ name: String) -> Bool {
    name != NoAttack.name && name != RandomTokens.name
  }

  /// The most pictures that the attack had judged for a prompt.
  private static func queries(_ outcomes: [AttackOutcome]) -> Int {
    outcomes.map(\.queries).max() ?? 0
  }

  /// `chance`: the share of prompts that random tokens bring back within the attack's most queries. `beyond-chance`:
  /// the mean over prompts of the attack's success minus theirs, with Student's t interval, or that of no change in
  /// as many trials as prompts where it is wider; seeds of one text are one value.
  func measured(
    _ name: String, _ attacked: [AttackOutcome], _ prompts: [String]
  ) -> [MeasuredValue] {
    let outcomes = outcomes.filter { !$0.isUntried }
    guard Self.isHeldAgainst(name), outcomes.count == attacked.count else { return [] }
    let most = Self.queries(attacked)
    let luck = outcomes.map { $0.success && $0.queries <= most }
    let differences = zip(attacked, luck).map { Double(($0.success ? 1 : 0) - ($1 ? 1 : 0)) }
    let clusters = Dictionary(grouping: prompts.indices) { prompts[$0] }.sorted { $0.key < $1.key }
      .map { _, rows in rows.map { differences[$0] }.mean }
    let all = ClusterBootstrap(prompts)
    let beyond = MeasuredValue(
      MeasuredValue.beyondChance, differences.mean, .share, n: luck.count,
      .t(clusters, within: -1...1))
    return [all.share("chance", luck), all.reaching(beyond)]
  }
}
