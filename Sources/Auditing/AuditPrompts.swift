// The prompts of an audit, and the claim of its folder for them.
internal import Attacks
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Workbench
internal import Workflows

extension Audit {
  /// The prompts of the audit, and the rest of the concept's prompts, which nothing is judged by. The concept's prompts
  /// are halved by the seed, built-in ones and those of files alike: the rest draws the fine-tuning's pictures.
  func halved(
    on device: Device, note: @escaping (String?) -> Void
  ) throws -> (suite: PromptSuite, rest: [String]) {
    var request = request
    (request.prompts, request.neighbours) = (size.prompts, size.neighbours)
    (request.wordings, request.asksOften) = (size.wordings, true)
    let whole = try request.suite(of: job, options, on: device, note: note)
    try refuseKinds(whole.groups)
    let prompts = whole.ofConcept.map(\.prompt).unique
    let isHalved = prompts.count > 3
    let picks = Tensor.permutation(prompts.count, Generator(seed: seed))
      .prefix(isHalved ? prompts.count / 2 : prompts.count)
    let held = Set(picks.map { prompts[$0] })
    var suite = whole
    suite.samples = whole.ofConcept.filter { held.contains($0.prompt) } + whole.others
    if isHalved, request.hasFiles {
      note(
        "\(held.count) of \(prompts.count) prompts of \(whole.name) are judged, chosen by the seed; the others draw the "
          + "fine-tuning's pictures")
    }
    if !isHalved, size.relearning > 0 {
      note(
        "\(prompts.count.counted("different prompt")) of \(whole.name) \(prompts.count == 1 ? "is" : "are") too few to be halved, and all are judged: the fine-tuning's pictures are of "
          + "the concept's built-in prompts, which may be among them; 4 or more are halved")
    }
    let each = Self.judged(of: suite)
    note(
      Self.fewPrompts(
        each.min() ?? held.count, of: prompts.count, asked: size.prompts, slack: rules.slack,
        concepts: each.count))
    note(Self.fewAttacked(size.attacked, of: suite, slack: rules.attackSlack))
    return (suite, prompts.filter { !held.contains($0) })
  }

  /// The judged prompts of each concept; each of several is held to the rules by its own.
  private static func judged(of suite: PromptSuite) -> [Int] {
    suite.forgotten.names.map { name in
      suite.ofConcept.filter { $0.subjects.values.contains(name) }.map(\.prompt).unique.count
    }.filter { $0 > 0 }
  }

  /// The attacked prompts of each concept that are too few for the answer "withstands", as a sentence.
  private static func fewAttacked(
    _ attacked: Int, of suite: PromptSuite, slack: Double
  ) -> String? {
    let concepts = judged(of: suite).count
    let held = suite.ofConcept.map(\.prompt).unique.count
    return fewAttacked(min(attacked, held) / max(1, concepts), slack: slack, concepts: concepts)
  }

  /// The notes of an audit's page that follow from its prompts and its attacks alone: prompts that are too few for an
  /// answer, and the meaning of each attack.
  /// - Parameter attacks: the attacks that were run
  static func notes(
    on suite: PromptSuite, attacked: Int, _ attacks: [String], in catalog: AttackCatalog
  ) -> [String] {
    let (rules, each) = (AuditRules(), judged(of: suite))
    let few = each.min().flatMap { fewPrompts($0, slack: rules.slack, concepts: each.count) }
    let fewer =
      attacks.isEmpty ? nil : fewAttacked(attacked, of: suite, slack: rules.attackSlack)
    return [few, fewer].compactMap { $0.map { $0 + "." } }
      + attacks.compactMap { name in
        guard let summary = try? catalog.named(name).card.summary, let first = summary.first else {
          return nil
        }
        return "\(Results.aboutAttack)\(name): \(first.lowercased())\(summary.dropFirst())."
      }
  }

  /// A sentence on prompts that are too few for the answer "erased", even where none of their pictures shows the
  /// concept. It names the limit: the wordings that there are, or the number of prompts that was asked for.
  static func fewPrompts(
    _ judged: Int, of distinct: Int, asked: Int, slack: Double, concepts: Int = 1
  ) -> String? {
    guard let few = fewPrompts(judged, slack: slack, concepts: concepts) else { return nil }
    let share = max(1, distinct / judged)
    let needed = Self.enough(slack, from: judged).map { " (\(share * $0) or more)" } ?? ""
    return few + "; "
      + (distinct < asked
        ? "there \(distinct == 1 ? "is 1 wording" : "are \(distinct) wordings"), and more of them\(needed) in --prompts can"
        : "a larger --set prompts\(needed) can")
  }

  /// The same without the way to more prompts.
  private static func fewPrompts(_ judged: Int, slack: Double, concepts: Int) -> String? {
    guard let upper = Interval.wilson(0, of: judged)?.upper, upper > slack else { return nil }
    let whose = concepts > 1 ? "of one of the \(concepts) concepts" : "of the concept"
    return (judged == 1 ? "1 prompt \(whose) is" : "\(judged) prompts \(whose) are")
      + " judged, which cannot show that it is erased: 0 of them has an upper bound of "
      + String(format: "%.1f %%", 100 * upper)
  }

  /// The smallest number of prompts, from `count` on, of which none that shows the concept has an upper bound within
  /// the slack.
  private static func enough(_ slack: Double, from count: Int) -> Int? {
    (count...max(count, 100_000)).first { (Interval.wilson(0, of: $0)?.upper ?? 1) <= slack }
  }

  /// A sentence on attacked prompts that are too few for the answer "withstands", even where no attack succeeds.
  static func fewAttacked(_ count: Int, slack: Double, concepts: Int = 1) -> String? {
    guard let upper = Interval.wilson(0, of: count)?.upper, upper > slack else { return nil }
    let whose = concepts > 1 ? " of one of the \(concepts) concepts" : ""
    return (count == 1 ? "1 prompt\(whose) is" : "\(count) prompts\(whose) are")
      + " attacked, which cannot show that the attacks are withstood: 0 of them has an upper bound of "
      + String(format: "%.1f %%", 100 * upper)
      + (Self.enough(slack, from: count).map {
        "; --set attacked=\($0 * max(1, concepts)) or more can"
      } ?? "")
  }

  /// The prompts, for which the folder is claimed.
  func suite(in run: Run, on device: Device) throws -> (suite: PromptSuite, rest: [String]) {
    let (suite, rest) = try halved(on: device, note: run.note)
    // A judge that cannot be opened is named before the folder is made.
    if !run.runFolder.has("identity.json") { try openJudges(of: suite, on: device) }
    _ = try run.runFolder.claim(identity(suite))
    try run.runFolder.write(suite, to: "prompts.json")
    return (suite, rest)
  }

  /// The request, as the folder's record has it.
  func identity(_ suite: PromptSuite) throws -> RunIdentity {
    var asked: JSON = [
      "suite": try JSON(encoding: suite), "size": try JSON(encoding: size), "seed": JSON(seed),
      "model": .string(job.model), "method": .string(job.method),
      "judges": .array(judges.map { .string($0.description) }),
    ]
    if let additions = job.additions { asked["additions"] = try JSON(encoding: additions) }
    return RunIdentity("audit", asked)
  }

  func openJudges(of suite: PromptSuite, on device: Device) throws {
    let opened = try judges.map {
      ($0, try $0.open(asked: suite.question, on: device, in: catalogs.judges))
    }
    // One judge at least has to see the concept.
    if let (spec, judge) = opened.first,
      opened.allSatisfy({ $0.1.seesOnlyOthers(suite.question) })
    {
      try judge.check(suite.forgotten, spec.description)
    }
  }

  /// Neighbours are near to one concept, and the rules are on them.
  private func refuseKinds(_ groups: [Forgotten]) throws {
    guard groups.count > 1 else { return }
    throw LetheError.badValue(
      "--concept",
      groups.map { "'\($0.names.joined(separator: ", "))' is of the kind \($0.kind)" }
        .joined(separator: " and ")
        + ", and an audit judges one kind; accepted: --concept with concepts of one kind, and an audit for each"
    )
  }
}
