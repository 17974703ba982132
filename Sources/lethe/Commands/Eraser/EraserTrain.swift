import ArgumentParser
import Diffusion
import Editing
import Foundation
import Reports
import Torch
import Training
import Unlearning
import Workbench
import Workflows

extension EraserCommand {
  struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Train the missing erasers, or those that are named.",
      help: """
        Examples:
          lethe eraser train runs/set
          lethe eraser train runs/set fox --set training.steps=300 --set tolerance=1e-4
        """)
    @OptionGroup var set: SetArgument
    @Argument(
      help: "Concepts to train again. Those without an eraser when left out.",
      completion: .setConcepts)
    var concepts: [String] = []
    @Option(
      name: .customLong("set"),
      help:
        "Option of SepME, e.g. tolerance=1e-4 (`lethe list methods --verbose`). May be repeated.")
    var settings: [String] = []
    @Flag(help: "Preview: print the resolved options and the rank budget, and stop.")
    var dryRun = false
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.reporting {
        var erasers = try set.open(toChange: true)
        let concepts = try concepts.map { try erasers.entry($0).name }
        let train = try TrainErasers(
          Settings(settings), of: LetheProgram.catalogs.methods, for: erasers.modelFolder)
        if dryRun {
          try CommonOptions.writable(set.url.path, parts: ["run"])
          print(try JSON(encoding: train.method).pretty, terminator: "")
          let model = try erasers.modelFolder.model(on: common.openDevice())
          let budget = RankBudget(erasers, model, tolerance: train.method.tolerance)
          if !common.isQuiet { budget.rows.table.plainRows.forEach(warn) }
          return
        }
        if !common.isQuiet, !common.json {
          let model = try erasers.modelFolder.model(on: common.openDevice())
          let budget = RankBudget(erasers, model, tolerance: train.method.tolerance)
          let missing = budget.rows.filter {
            concepts.isEmpty ? erasers[$0.name]?.isTrained != true : concepts.contains($0.name)
          }
          print(missing.table.plain, terminator: "")
        }
        let run = try common.run(
          at: set.url.appendingPathComponent("run").path, seed: erasers.card.seed)
        let done = try train(&erasers, concepts, in: run, on: common.openDevice())
        if common.json {
          return print(try JSON.array(done.map { try JSON(encoding: $0) }).pretty, terminator: "")
        }
        guard !common.isQuiet else { return }
        if done.isEmpty { print("every concept has an eraser; name the concepts to train again") }
        let sizes = try done.map { try InputFile.size(erasers.file($0.name)) }
        let table = Table.list(
          Array(zip(done, sizes)), corner: [("", { $0.0.name })],
          across: [
            (
              "",
              { row in
                let megabytes = Double(row.1) / 1e6
                return .init(String(format: "trained: %.2f MB, %.1f s", megabytes, row.0.seconds))
              }
            )
          ])
        print(table.plain, terminator: "")
        common.next("eraser", "check", set.set.pathWord)
      }
    }
  }
}
