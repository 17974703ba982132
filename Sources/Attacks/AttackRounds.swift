// One attack on several prompts, round after round: in each round the attack makes one attempt for every prompt
// that is still open, the victim draws it, and the judge says whether the concept is back.
package import Diffusion
package import Foundation
internal import Processes
package import Torch
package import Training

package struct AttackRounds {
  private let attack: any Attack
  private let victim: Victim
  private let prompts: [AttackedPrompt]
  private let sampling: SamplingOptions
  private let batch: Int
  private let seed: UInt64
  private let shows: (Tensor, [Int]) throws -> [Bool]
  private let others: ((Tensor, [Int]) throws -> [[String]])?
  /// Other judges that see the concept in the prompts' pictures without an attack.
  private var start: [Int: [String: Int]] = [:]
  private let shared: URL?
  private let run: Run
  private let name: String

  private var outcomes: [Int: AttackOutcome] = [:]
  /// Attempts of all prompts so far, and those that are left at most.
  private var tally = (made: 0, left: 0)

  /// - Parameters:
  ///   - batch: pictures drawn at a time
  ///   - name: the name of the log and of the folder of pictures; nil takes the attack's
  ///   - shared: the file for attempts that are the same for every victim; nil keeps none
  ///   - run: the folder of the log and of the pictures that brought the concept back
  ///   - others: the other judges that see the concept in such pictures; nil where one judge is asked
  ///   - shows: whether pictures [N, 3, H, W] drawn for the prompts at some indices show the concept
  package init(
    _ attack: any Attack, on victim: Victim, _ prompts: [AttackedPrompt],
    _ sampling: SamplingOptions, batch: Int, seed: UInt64, named name: String? = nil,
    shared: URL? = nil, in run: Run,
    others: ((Tensor, [Int]) throws -> [[String]])? = nil,
    shows: @escaping (Tensor, [Int]) throws -> [Bool]
  ) {
    (self.attack, self.victim, self.prompts, self.sampling) = (attack, victim, prompts, sampling)
    (self.batch, self.seed, self.shared) = (batch, seed, shared)
    (self.run, self.shows, self.others) = (run, shows, others)
    self.name = name ?? type(of: attack).name
  }

  private var log: String { "\(name).jsonl" }
  private var stage: String { "attack \(name)" }

  /// Runs until every prompt is closed. Prompts that an earlier run closed stay closed.
  /// - Parameters:
  ///   - before: whether the victim shows the concept for each prompt as it is
  ///   - seen: the other judges that see it there
  package mutating func callAsFunction(
    before: [Bool], seen: [[String]] = []
  ) throws -> [AttackOutcome] {
    for (i, names) in seen.enumerated() {
      start[i] = Dictionary(names.map { ($0, 0) }) { first, _ in first }
    }
    for known in try run.ranks.agree(logged) { outcomes[known.index] = known }
    for i in prompts.indices where outcomes[i] == nil {
      let can = attack.canAttack(prompts[i], victim.known)
      if before[i] || !can {
        try close(
          AttackOutcome(
            index: i, before: before[i], attackable: can, success: before[i], queries: 0,
            seconds: 0, seen: start[i].flatMap { $0.isEmpty ? nil : $0 }))
      }
    }
    var session = try begin(attack)
    if type(of: attack).card.transfers, let shared { session = KeptAttempts(session, in: shared) }
    var open = prompts.indices.filter { outcomes[$0] == nil }
    var spent = [Int: Spent]()
    var round = 0
    while !open.isEmpty {
      try Interrupt.check()
      round += 1
      let most = max(round, Int(bounded: attack.pictures, 1...1_000_000))
      tally.left = open.count * (most - round + 1)
      tell("attempt \(round) of \(most)")
      let start = Date()
      let (attempts, searched) = try next(&session, open)
      for i in open where attempts[i] == nil {
        try close(lost(i, spent[i]))
      }
      open = open.filter { attempts[$0] != nil }
      let (pictures, drawn) = try draw(attempts, open, by: session)
      let won = Set(pictures.filter(\.won).map(\.index))
      let beside = Dictionary(pictures.map { ($0.index, $0.others) }) { first, _ in first }
      let each = Date().timeIntervalSince(start) / Double(max(1, open.count))
      let asked = Double(searched + drawn) / Double(max(1, open.count))
      for i in open {
        spent[i, default: Spent()].add(each, asked, seenBy: beside[i] ?? [])
        guard won.contains(i) else {
          if let attempt = attempts[i] { spent[i]?.fail(attempt) }
          continue
        }
        var outcome = lost(i, spent[i])
        (outcome.success, outcome.attempt) = (true, attempts[i])
        try close(outcome)
      }
      tally.made += open.count
      open.removeAll(where: won.contains)
    }
    return prompts.indices.compactMap { outcomes[$0] }
  }

  /// The outcomes that an earlier run has logged.
  private func logged() -> [AttackOutcome] {
    run.events(log).compactMap { line in
      guard let known = try? line.decoded(as: AttackOutcome.self),
        prompts.indices.contains(known.index), (0...1_000_000_000).contains(known.queries)
      else { return nil }
      return known
    }
  }

  /// The attempts of a round, and the predictions that they cost. Where prompts do not depend on one another, each rank
  /// searches for some; the same ones in every round, because it has their state.
  private func next(
    _ session: inout any AttackSession, _ open: [Int]
  ) throws -> (attempts: [Int: Attempt], evaluations: Int) {
    let (ranks, before) = (run.ranks, evaluations(session))
    guard !ranks.isAlone, let size = session.divided else {
      return (try session.next(open), evaluations(session) - before)
    }
    let own = try session.next(open.filter { ($0 / size) % ranks.count == ranks.rank })
    let cost = evaluations(session) - before
    let all = try ranks.gather(Share(attempts: own, evaluations: cost))
    return (
      all.reduce(into: [:]) { $0.merge($1.attempts) { old, _ in old } },
      all.reduce(0) { $0 + $1.evaluations }
    )
  }

  /// A rank's part of a round.
  private struct Share: Codable {
    var attempts: [Int: Attempt]
    var evaluations: Int
  }

  /// Draws an attempt of each open prompt and keeps the pictures that show the concept. Batches are cut by the prompts'
  /// numbers, and several ranks take them in turn.
  /// - Returns: the judges' answers, and the predictions that the pictures cost
  private func draw(
    _ attempts: [Int: Attempt], _ open: [Int], by session: any AttackSession
  ) throws -> (pictures: [Seen], evaluations: Int) {
    let size = min(victim.model.batch(atMost: batch), session.together ?? .max)
    let blocks = Set(open.map { $0 / size }).sorted()
    let before = evaluations(session)
    let seen = try run.ranks.map(blocks.count) { block -> [Seen] in
      try Interrupt.check()
      let together = open.filter { $0 / size == blocks[block] }
      // Pictures that are drawn at once share guidance and size.
      let alike = Dictionary(grouping: together) { prompts[$0].sampling(over: sampling) }
      return try alike.sorted { ($0.value.first ?? 0) < ($1.value.first ?? 0) }.flatMap {
        try draw(attempts, of: $1, by: session, $0)
      }
    }
    let cost = try run.ranks.gather(evaluations(session) - before).reduce(0, +)
    return (Array(seen.joined()), cost)
  }

  /// The judges' answers on an attempt's picture.
  private struct Seen: Codable {
    /// The prompt.
    var index: Int
    var won: Bool
    var others: [String]
  }

  /// Draws the attempts of some prompts at once.
  private func draw(
    _ attempts: [Int: Attempt], of some: [Int], by session: any AttackSession,
    _ sampling: SamplingOptions
  ) throws -> [Seen] {
    let tries = some.compactMap { attempts[$0] }
    let images =
      try session.images(of: tries, sampling)
      ?? victim.images(of: tries, by: session.model, sampling)
    let batch = Image.batch(images)
    let (seen, beside) = (try shows(batch, some), try others?(batch, some))
    for (k, i) in some.enumerated() where seen[k] {
      try Run.makeFolder(run.file(name))
      try PNG.write(
        images[k], text: [("parameters", tries[k].prompt)], to: run.file("\(name)/\(i).png"))
    }
    return some.indices.map {
      Seen(index: some[$0], won: seen[$0], others: beside?[$0] ?? [])
    }
  }

  /// The cost of a prompt so far.
  private struct Spent {
    var queries = 0
    var (seconds, evaluations) = (0.0, 0.0)
    private(set) var failed: [Attempt] = []
    private(set) var seen: [String: Int] = [:]

    mutating func add(_ seconds: Double, _ evaluations: Double, seenBy others: [String]) {
      queries += 1
      for judge in others where seen[judge] == nil { seen[judge] = queries }
      self.seconds += seconds
      self.evaluations += evaluations
    }

    mutating func fail(_ attempt: Attempt) {
      let most = AttackOutcome.mostFailed
      if failed.count == most { failed.remove(at: most / 2) }
      failed.append(Attempt(attempt.prompt, seed: attempt.seed, variant: attempt.variant))
    }
  }

  /// Noisy pictures that the victim, the original and the session's models predicted so far.
  private func evaluations(_ session: any AttackSession) -> Int {
    let (own, original) = (victim.model, victim.known.original)
    return own.evaluations + (original === own ? 0 : original.evaluations) + session.evaluations
  }

  /// The session with the part of the victim that the attack's type names.
  private func begin<A: Attack>(_ attack: A) throws -> any AttackSession {
    try attack.session(prompts, A.Target(victim), seed: seed)
  }

  private func lost(_ i: Int, _ spent: Spent?) -> AttackOutcome {
    let seen = (start[i] ?? [:]).merging(spent?.seen ?? [:]) { first, _ in first }
    return AttackOutcome(
      index: i, before: false, attackable: true, success: false, queries: spent?.queries ?? 0,
      seconds: spent?.seconds ?? 0, evaluations: Int((spent?.evaluations ?? 0).rounded()),
      failed: spent.flatMap { $0.failed.isEmpty ? nil : $0.failed },
      seen: seen.isEmpty ? nil : seen)
  }

  private mutating func close(_ outcome: AttackOutcome) throws {
    outcomes[outcome.index] = outcome
    guard case .object(let line) = try JSON(encoding: outcome) else { return }
    try run.record(line, to: log)
    tell("")
  }

  private func tell(_ note: String) {
    run.progress(
      stage, outcomes.count, prompts.count, note, made: tally.made, left: tally.left)
  }
}
