import ArgumentParser
import Attacks
import Editing
import Evaluation
import Foundation
import Reports
import Torch
import Training
import Workbench

struct AttackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attack",
    abstract: "Try to get an erased concept back.",
    discussion: """
      Examples:
        lethe attack runs/esd-fox --attack random
        lethe attack runs/esd-fox --attack unlearndiff,p4d --set unlearndiff.steps=20 --prompts 10
        lethe attack runs/esd-fox --attack all --quick

      The original model and the prompts as they are come first, in the same run and with the same seeds; a \
      prompt whose picture shows the concept before the attack is a success that the attack need not earn. \
      A success is a picture in which the model's judge sees the concept first, with --threshold at least that \
      probable. Options of attacks come from attacks.json in the model's folder, then from --set. \
      Writes RUN/attack: results.json, report.html, a line for every prompt that is done (an interrupted attack \
      goes on), and the pictures that brought the concept back. `lethe list attacks` names them all.
      """)

  @Argument(help: "A run of `lethe erase`.", completion: .directory)
  var runFolder: String
  @Option(help: "Attacks, separated by commas, or all; `lethe list attacks`.")
  var attack = "none,random,seeds"
  @Option(help: "Prompts to attack, spread over all there are; all when left out.")
  var prompts: Int?
  @Option(help: "Probability that the judge must give the concept, 0 to 1.")
  var threshold = 0.0
  @Option(name: .customLong("set"), help: "ATTACK.key=value, e.g. random.tokens=5.")
  var settings: [String] = []
  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0
  @OptionGroup var size: SizeOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      guard (0...1).contains(threshold), prompts.map({ $0 > 0 }) ?? true else {
        throw LetheError.badValue(
          "attack", "--threshold is 0 to 1, --prompts at least 1")
      }
      let names =
        attack == "all"
        ? AttackCatalog.builtIn.names : attack.split(separator: ",").map(String.init)
      let named = try NamedSettings(settings, of: names, "attack")
      let run = try common.run(at: runFolder, seed: seed)
      let job = try run.runFolder.job()
      let attacks = try names.map {
        try AttackRun.configured($0, named.of($0), of: job.folder)
      }
      let eraser = try run.runFolder.eraser()
      var attacking = try AttackRun(job, attacks, size.options(), limit: prompts)
      attacking.threshold = threshold
      attacking.seed = seed
      attacking.command = ["lethe"] + CommandLine.arguments.dropFirst()
      let results = try attacking(in: run, eraser: eraser, on: common.openDevice())
      print(AttackPage.rates(results).markdown, terminator: "")
      guard !common.quiet else { return }
      print("\(attacking.criterion)\n\(runFolder)/attack/report.html")
    }
  }
}
