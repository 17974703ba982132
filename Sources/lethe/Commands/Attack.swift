import ArgumentParser
import Attacks
import Editing
import Evaluation
import Foundation
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
        lethe attack runs/esd-fox --attack none,random,seeds --seeds 10 --set random.attempts=20

      The original model and the prompts as they are come first, in the same run and with the same seeds; a
      prompt whose picture shows the concept before the attack is a success that the attack need not earn.
      Writes RUN/attack: results.json, report.html, a line for every prompt that is done (an interrupted attack
      goes on), and the pictures that brought the concept back. `lethe list attacks` names them all.
      """)

  @Argument(help: "A run of `lethe erase`.", completion: .directory)
  var runFolder: String
  @Option(help: "Attacks, separated by commas; `lethe list attacks`.")
  var attack = "none,random,seeds"
  @Option(name: .customLong("set"), help: "ATTACK.key=value, e.g. random.tokens=5.")
  var settings: [String] = []
  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0
  @OptionGroup var size: SizeOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      let names = attack.split(separator: ",").map(String.init)
      if let stray = settings.first(where: { s in !names.contains { s.hasPrefix($0 + ".") } }) {
        throw ConfigurationError.badValue(
          "--set", "'\(stray)' names no attack of this run; use ATTACK.key=value")
      }
      let attacks = try names.map { try AttackRun.configured($0, settings) }
      let run = try common.run(at: runFolder, seed: seed)
      let job: EraseJob = try JSON(contentsOf: run.file("job.json")).decoded()
      let increment = try Increment(contentsOf: run.file("increment.safetensors"))
      var attacking = try AttackRun(job, attacks, size.options())
      attacking.seed = seed
      attacking.command = ["lethe"] + CommandLine.arguments.dropFirst()
      let results = try attacking(in: run, increment: increment, on: common.openDevice())
      print(AttackRun.markdown(results.rows), terminator: "")
      if !common.quiet { print("\(runFolder)/attack/report.html") }
    }
  }
}
