import ArgumentParser
import Attacks
import Editing
import Evaluation
import Foundation
import Reports
import Torch
import Training
import Workbench
import Workflows

struct AttackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attack",
    abstract: "Attack an erased model and count how often its concept comes back.",
    help: """
      Examples:
        lethe attack runs/esd-fox --attack random
        lethe attack runs/esd-fox --attack unlearndiff,p4d --set unlearndiff.steps=20 --limit 10
        lethe attack runs/esd-fox --attack all --quick

      The original and the erased model first draw the prompts without an attack, with the same seeds. A prompt \
      whose picture already shows the concept counts as a success of every attack. A success is a picture in which \
      the concept is the judge's first choice, with a probability of at least --threshold. Options of an attack come \
      from attacks.json in the model's folder, then from --set. RUN/attack gets results.json, report.html, a log \
      line for each finished prompt and the pictures of the successes. An interrupted attack goes on at the first \
      prompt that is not finished. `lethe list attacks` names all attacks.
      """)

  @Argument(help: "Folder of a run of `lethe erase`.", completion: .directory)
  var runFolder: String
  @Option(
    help: "Attacks, separated by commas, or all. `lethe list attacks` names them.",
    completion: .attackList)
  var attack = "none,random,seeds"
  @OptionGroup var asked: PromptFile
  @Option(
    help:
      "Number of pictures to attack, at least 1, each of a prompt and a seed, spread evenly over the concept's prompts. All of them when left out."
  )
  var limit: Int?
  @Option(
    help:
      "Probability, 0 to 1, that the judge must give the concept for a success. 0 asks for the first choice alone."
  )
  var threshold = 0.0
  @Option(
    name: .customLong("set"),
    help: "Option of an attack, ATTACK.key=value, e.g. random.tokens=5. May be repeated.")
  var settings: [String] = []
  @Option(
    help:
      "Table (CSV) of prompts with the concept (with, sensitive prompt) and without (without, normal prompt), for ringabell. The concept's own prompts when left out.",
    completion: .file())
  var pairs: String?
  @Option(help: "Seed of all random draws.")
  var seed: UInt64 = 0
  @OptionGroup var page: PageOptions
  @OptionGroup var judging: JudgingOptions
  @OptionGroup var size: SizeOptions
  @OptionGroup var offloading: OffloadOptions
  @OptionGroup var preview: PreviewOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting(shares: true) {
      let limit = try asked.limit(limit)
      try accept("--threshold", threshold, .share)
      let names =
        attack == "all"
        ? LetheProgram.catalogs.attacks.names : try attack.listed("--attack")
      let named = try NamedSettings(settings).of(oneOf: names, "attack")
      _ = try RunFolder(runFolder).job()
      let folder = RunFolder(runFolder)
      let parts = ["attack"]
      if preview.dryRun { try CommonOptions.writable(runFolder, parts: parts) }
      let run = preview.dryRun ? nil : try common.run(at: runFolder, seed: seed, parts: parts)
      let job = try folder.job()
      guard pairs == nil || names.contains(RingABell.name) else {
        throw LetheError.badValue(
          "--pairs", "they are for the attack ringabell, which --attack does not name")
      }
      let attacks = try names.map { name in
        var own = [try named.of(name)]
        if name == RingABell.name, let pairs { own.append(["pairs": .string(pairs)]) }
        return try AttackRun.configured(
          name, own, of: job.folder, in: LetheProgram.catalogs.attacks)
      }
      let eraser = try folder.eraser()
      let words = judging.words
      let options = try size.options(of: asked.file, words.forgetPrompts, words.retainPrompts)
      let device = try offloading.openDevice(common)
      let judges = try judging.judges(of: folder, for: job)
      let judge = try folder.asked(of: judges)
      try folder.refuseDoubtful(judge, "attack")
      let suite = try judging.request(asked.file)
        .suite(
          of: job, options, on: device,
          note: { sentence in
            if let run { run.note(sentence) } else { sentence.map(CommonOptions.note) }
          })
      var attacking = try AttackRun(
        job, attacks, options, suite, judge: judge, limit: limit)
      attacking.beside = try folder.besides(judge, of: judges)
      attacking.unasked = judges.filter { $0 != judge && !attacking.beside.contains($0) }
      attacking.threshold = threshold
      attacking.seed = seed
      (attacking.given, attacking.catalogs) = (try Settings(settings), LetheProgram.catalogs)
      attacking.command = ["lethe"] + CommandLine.arguments.dropFirst()
      guard let run else {
        let plan = try attacking.plan(in: folder, eraser: eraser, on: device)
        return common.preview(
          try plan.timed(on: job.folder.model(on: device)),
          [
            "run": .string(runFolder), "seed": JSON(seed),
            "attacks": .array(attacks.map { .string(type(of: $0).name) }),
          ], common.previewed(prompts: attacking.prompts))
      }
      let results = try attacking(in: run, eraser: eraser, on: device)
      let page = "\(runFolder)/attack/report.html"
      ProgressLine.shared.end()
      if common.json {
        print(try JSON(encoding: results).pretty, terminator: "")
      } else {
        print(AttackPage.rates(results).markdown, terminator: "")
      }
      try self.page.openPage(run.file("attack/report.html"))
      guard !common.isQuiet, !common.json else { return }
      print("\(AttackPage.legend)\n\(attacking.criterion)")
      AttackPage.verdict(results)?.lines.forEach { print($0) }
      print(page)
      for sentence in results.notes where sentence != attacking.criterion {
        warn("note: \(sentence)")
      }
      let untried = LetheProgram.catalogs.attacks.all
        .filter { $0.access != .blackBox && !names.contains($0.name) }.map { $0.name }
      if !names.contains(where: { name in
        LetheProgram.catalogs.attacks.all.contains { $0.name == name && $0.access != .blackBox }
      }) {
        warn(
          "note: no attack with access to the weights was tried (\(untried.joined(separator: ", "))); --attack all tries them"
        )
      }
      common.next(
        ["relearn", runFolder.pathWord] + folder.judgeOption(results.judges.first?.spec))
    }
  }
}
