import ArgumentParser
import Foundation
import Recipes
import Torch
import Training
import Workbench

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a small model, a judge or a CLIP from a recipe.",
    help: """
      Examples:
        scripts/emoji-dataset
        lethe train Models/emoji/recipe.json --out runs/emoji
        lethe train Models/judges/emoji/recipe.json --out runs/judge --dry-run

      The same command goes on with a run that was stopped, by Ctrl-C or by a power cut. The final weights are \
      the same as without the stop.
      """)

  @Argument(
    help: "File of the recipe in JSON or YAML, e.g. Models/emoji/recipe.json.",
    completion: .file(extensions: ["json", "yaml", "yml"]))
  var recipe: String
  @Option(help: "Folder of the run. The same command goes on with an interrupted run in it.")
  var out: String
  @Option(
    help: "Folder that the recipe's data folder is relative to. The current folder by default.")
  var data = Place(argument: ".")
  @Flag(help: "Preview: print the resolved recipe and stop.")
  var dryRun = false
  @Flag(help: "TensorBoard event files in RUN/tensorboard, beside events.jsonl and events.csv.")
  var tensorboard = false
  @OptionGroup var common: CommonOptions

  /// Prints the resolved recipe. Data that is not there yet is told, as it may be made after the look.
  private func look(_ recipe: some Encodable, _ folder: String) throws {
    try CommonOptions.writable(out)
    let place = data.url.appendingPathComponent(folder)
    if !FileManager.default.fileExists(atPath: place.path) {
      CommonOptions.note(
        "there is no folder \(place.relativePath), which the training reads; --data names the folder that '\(folder)' is in"
      )
    }
    print(try JSON(encoding: recipe).pretty, terminator: "")
  }

  private func follow(_ run: Run) throws { if tensorboard { try run.writeTensorBoard() } }

  private func end(_ run: Run) throws {
    try run.writeEventTable()
    try common.show(["folder": .string(out)]) { print(out) }
  }

  func run() throws {
    try common.reporting {
      let file = try RecipeFile(recipe, "train")
      let json = file.json
      let kind = json["kind"]?.string ?? ""
      switch kind {
      case "stable-diffusion":
        let recipe = try file.laid(over: ModelRecipe())
        if dryRun { return try look(recipe, recipe.data.folder) }
        let run = try common.run(at: out, seed: recipe.seed)
        try follow(run)
        try TrainModel(recipe, run, on: common.openDevice())(dataRoot: data.url)
        try end(run)
      case "ddpm":
        let recipe = try file.laid(over: DDPMRecipe())
        if dryRun { return try look(recipe, recipe.data.folder) }
        let run = try common.run(at: out, seed: recipe.seed)
        try follow(run)
        try TrainDDPM(recipe, run, on: common.openDevice())(dataRoot: data.url)
        try end(run)
      case "judge":
        let recipe = try file.laid(over: JudgeRecipe())
        if dryRun { return try look(recipe, recipe.data.folder) }
        let run = try common.run(at: out, seed: recipe.seed)
        try follow(run)
        try TrainJudge(recipe, run, on: common.openDevice())(dataRoot: data.url)
        try end(run)
      case "clip":
        let recipe = try file.laid(over: CLIPRecipe())
        if dryRun { return try look(recipe, recipe.data.folder) }
        let run = try common.run(at: out, seed: recipe.seed)
        try follow(run)
        try TrainCLIP(recipe, run, on: common.openDevice())(dataRoot: data.url)
        try end(run)
      default:
        throw LetheError.badValue(
          file.url.path, "kind '\(kind)'; accepted: stable-diffusion, ddpm, judge, clip")
      }
    }
  }
}
