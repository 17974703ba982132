import ArgumentParser
import Attacks
import Auditing
import Editing
import Evaluation
import Foundation
import Processes
import Reports
import Torch
import Training
import Workbench
import Workflows

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract:
      "Say whether an erased model may be released: one page with a verdict by printed rules.",
    help: """
      Examples:
        lethe audit Models/emoji --with runs/esd-fox --quick --out runs/audit
        lethe audit Models/emoji --with runs/esd-fox --with runs/uce-cat --out runs/both-audited
        lethe audit Models/emoji --erasers runs/set --out runs/set-audited
        lethe audit ~/sd14 --with runs/van-gogh --judge clip:clip-vit-large-patch14 --full --out runs/audit
        lethe audit ~/sd14 --with runs/van-gogh --judge clip:clip-vit-large-patch14 --full --dry-run --out runs/audit
        lethe audit ~/sd14-edited --original ~/sd14 --concept church --judge clip:clip-vit-large-patch14 --out runs/audit

      The original and the erased model draw the same prompts with the same seeds: half of the concept's, chosen by \
      --seed, and subjects near to it and far from it. Attacks and fine-tuning follow. OUT gets report.html, \
      results.json with the hashes of everything, results.csv and a model card. An interrupted audit goes on where it \
      stopped. `lethe verify OUT` checks it.
      """)

  @Argument(
    help: "Folder of the original model, or of a model erased elsewhere.", completion: .directory)
  var model: String
  @Option(
    help: "Eraser: a run of `lethe erase`, or its file. May be repeated: their sum is audited.",
    completion: .directory)
  var with: [String] = []
  @Option(help: "Folder of a set of erasers (`lethe eraser`), whose sum is audited.")
  var erasers: String?
  @Option(
    help: "Erasers of the set that are on, e.g. fox,cat. Those that are switched on when left out.")
  var active: String?
  @Option(
    help: "Folder of the original of a model that was erased elsewhere.", completion: .directory)
  var original: String?
  @Option(
    help: "Concept that was erased elsewhere. A run of `lethe erase` needs none. May be repeated.",
    completion: .concepts)
  var concept: [String] = []
  @Option(
    help:
      "Kind of the concept: object, style, artist, person or content. The run's own when left out.")
  var kind: String?
  @Option(
    help:
      "CSV file of prompts, or a suite of `lethe list prompts`. Rows with 'yes' in a column 'forget' ask for the concept. Without the column, rows that contain the concept's words do.",
    completion: .file(extensions: ["csv"]))
  var prompts: String?
  @OptionGroup var judging: JudgingOptions
  @OptionGroup var measuring: MeasuringOptions
  @Flag(help: "Few prompts, six attacks and one short fine-tuning.")
  var quick = false
  @Flag(help: "All attacks with their own settings, and three fine-tunings of 300 steps.")
  var full = false
  @Option(
    name: .customLong("set"),
    help:
      "Size of the audit, key=value: prompts, neighbours, wordings, attacks, attacked, settings, relearning, repetitions, relearned, steps, guidance. May be repeated."
  )
  var settings: [String] = []
  @Option(help: "Seed of the held-out prompts and of all random draws.")
  var seed: UInt64 = 0
  @Option(help: "Folder of the audit.", completion: .directory)
  var out: String
  @Flag(
    help:
      "Preview: check model, eraser, judges and prompts, draw two pictures to measure the pace, print hours and memory, and stop."
  )
  var dryRun = false
  @OptionGroup var page: PageOptions
  @OptionGroup var additions: ModelOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting(shares: true) {
      guard !(quick && full) else {
        throw LetheError.badValue("--quick, --full", "both are given; give one of them")
      }
      let device = try common.openDevice()
      let parts = ["original", "erased", "attack", "relearn"]
      try CommonOptions.writable(out, parts: parts)
      var usual = full ? AuditSize.full(LetheProgram.catalogs.attacks) : .quick
      // A suite's own steps are those of its protocol.
      usual.steps =
        NamedPrompts.steps(of: prompts, judging.words.forgetPrompts, judging.words.retainPrompts)
        ?? usual.steps
      let size = try Settings(settings).laid(over: usual)
      let scratch = FileManager.default.temporaryDirectory
        .appendingPathComponent("lethe-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: scratch) }
      let concepts = try CommonOptions.spelled(
        concept, in: ModelFolder(original ?? model, additions.additions))
      let source = try source(concepts, dryRun ? scratch.path : "\(out)/combined", on: device)
      let subject = try AuditSubject(
        model, additions.additions, with: source, original: original, concepts: concepts,
        kind: kind,
        on: device)
      if let strange = subject.strangeConcepts { CommonOptions.note(strange) }
      let judges = try judging.judges(of: RunFolder(out), RunFolder(source ?? out))
      guard !judging.judge.isEmpty || judges.isEmpty || judges.contains(where: { !$0.isNone })
      else {
        throw LetheError.badValue(
          "--judge", "the last evaluation had 'none', by which an audit measures nothing; name one")
      }
      var audit = try Audit(subject.job, judges: judges, size, catalogs: LetheProgram.catalogs)
      (audit.isQuick, audit.seed, audit.request) = (!full, seed, judging.request(prompts))
      (audit.source, audit.measures) = (subject.source, try measuring.measures())
      audit.given = try Settings(settings)
      audit.command = ["lethe"] + CommandLine.arguments.dropFirst()
      audit.place = out.pathWord
      if dryRun {
        let plan = try audit.plan(in: RunFolder(out), on: device) { $0.map(CommonOptions.note) }
        let request: [String: JSON] = [
          "model": .string(model), "concepts": .array(subject.job.concepts.map(JSON.string)),
          "judges": .array(audit.judges.map { .string($0.description) }),
          "size": try JSON(encoding: size), "seed": JSON(seed), "out": .string(out),
        ]
        return common.preview(plan, request)
      }
      let run = try common.run(at: out, seed: seed, parts: parts)
      if full, !common.isQuiet, !common.json {
        try audit.estimate(on: device).forEach { print($0) }
      }
      let results = try audit(in: run, eraser: subject.eraser, on: device)
      ProgressLine.shared.end()
      if common.json {
        print(try JSON(encoding: results).pretty, terminator: "")
        return try page.openPage(run.file("report.html"))
      }
      print(results.audit?.sentence ?? "")
      guard !common.isQuiet else { return try page.openPage(run.file("report.html")) }
      let tiles = Table.list(
        results.audit?.tiles ?? [], corner: [("", \.name)],
        across: [
          (
            "",
            { tile in
              .init(
                "\(tile.word): \(tile.measured?.text(hasUnit: true) ?? "-"), n \(tile.measured?.size ?? "0"); passes where \(tile.limit)"
                  + (tile.name == "quality" ? [] : tile.notes).map { "; \($0)" }.joined()
              )
            }
          )
        ])
      print(tiles.plain, terminator: "")
      results.notes.filter { $0.contains("another erased concept is seen") }.forEach { print($0) }
      print("\(out)/report.html")
      common.next("verify", out.pathWord)
      try page.openPage(run.file("report.html"))
    }
  }

  /// The run or file of the eraser. The sum of several is made a run of its own in `place`.
  private func source(
    _ concepts: [String], _ place: String, on device: Device
  ) throws -> String? {
    guard with.count > 1 || erasers != nil else { return with.first }
    let reference = ModelReference(
      ModelFolder(model, additions.additions), erasers: with, set: erasers, active: active?.listed)
    let combined = CombinedRun(
      reference, concepts: concepts, command: ["lethe"] + CommandLine.arguments.dropFirst())
    let run = try common.run(at: place, seed: seed)
    MadeFolders.derive(run.runFolder.eraserFile.lastPathComponent)
    try run.ranks.first { _ = try combined(in: run, on: device) }
    return place
  }
}
