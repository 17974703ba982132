import ArgumentParser
import Foundation
import Torch
import Training
import Workbench

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a small model or a judge from a recipe.",
    discussion: """
      Examples:
        scripts/emoji-dataset
        lethe train Models/emoji/recipe.json --out runs/emoji
        lethe train Models/judges/emoji/recipe.json --out runs/judge --dry-run

      A run that was stopped, by Ctrl-C or a power cut, goes on when the same command is given \
      again, and ends with the same weights.
      """)

  @Argument(
    help: "A recipe, e.g. Models/emoji/recipe.json.", completion: .file(extensions: ["json"]))
  var recipe: String
  @Option(help: "The run's folder; an interrupted run goes on in it.")
  var out: String
  @Option(help: "The folder that the recipe's data folder is relative to.")
  var data = "."
  @Flag(help: "Print the resolved recipe and stop.")
  var dryRun = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      let file = URL(fileURLWithPath: recipe)
      let json = try JSON(contentsOf: file)
      let kind = json["kind"]?.string ?? ""
      let root = URL(fileURLWithPath: data)
      switch kind {
      case "stable-diffusion":
        let recipe = try json.laid(over: ModelRecipe(), in: file.lastPathComponent)
        if dryRun { return print(try JSON(encoding: recipe).pretty, terminator: "") }
        let run = try common.run(at: out, seed: recipe.seed)
        try TrainModel(recipe, run, on: common.openDevice())(dataRoot: root)
      case "ddpm":
        let recipe = try json.laid(over: DDPMRecipe(), in: file.lastPathComponent)
        if dryRun { return print(try JSON(encoding: recipe).pretty, terminator: "") }
        let run = try common.run(at: out, seed: recipe.seed)
        try TrainDDPM(recipe, run, on: common.openDevice())(dataRoot: root)
      case "judge":
        let recipe = try json.laid(over: JudgeRecipe(), in: file.lastPathComponent)
        if dryRun { return print(try JSON(encoding: recipe).pretty, terminator: "") }
        let run = try common.run(at: out, seed: recipe.seed)
        try TrainJudge(recipe, run, on: common.openDevice())(dataRoot: root)
      default:
        throw LetheError.badValue(
          file.lastPathComponent, "kind '\(kind)'; accepted: stable-diffusion, ddpm, judge")
      }
    }
  }
}
