import ArgumentParser
import Foundation
import Torch
import Training
import Workbench

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a small model or a judge from a recipe.")

  @Argument(help: "A recipe, e.g. Models/emoji/recipe.json.", completion: .file(extensions: ["json"]))
  var recipe: String

  @Option(help: "The run's folder; an interrupted run goes on in it.")
  var out: String

  func run() throws {
    if ProcessInfo.processInfo.environment["KEEP"] != nil { Runtime.keepFreedMemory() }
    print("threads", Runtime.threads)
    let run = try Run(URL(fileURLWithPath: out), seed: 1)
    run.onProgress = { p in if p.done % 50 == 0 { print(p) } }
    let recipe = try Overrides.read(URL(fileURLWithPath: recipe), onto: ModelRecipe())
    try TrainModel(recipe, run, on: .cpu)(dataRoot: URL(fileURLWithPath: "."))
  }
}
