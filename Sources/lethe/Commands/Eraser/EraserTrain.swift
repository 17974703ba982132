import ArgumentParser
import Diffusion
import Editing
import Foundation
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
        let train = try TrainErasers(Settings(settings))
        if dryRun {
          print(try JSON(encoding: train.method).pretty, terminator: "")
          let model = try erasers.modelFolder.model(on: common.openDevice())
          for row in RankBudget(erasers, model, tolerance: train.method.tolerance).rows {
            warn(row.sentence)
          }
          return
        }
        if !common.isQuiet, !common.json {
          let model = try erasers.modelFolder.model(on: common.openDevice())
          let budget = RankBudget(erasers, model, tolerance: train.method.tolerance)
          for row in budget.rows
          where concepts.isEmpty
            ? erasers[row.name]?.isTrained != true : concepts.contains(row.name)
          {
            print(row.sentence)
          }
        }
        let run = try common.run(
          at: set.url.appendingPathComponent("run").path, seed: erasers.card.seed)
        let done = try train(&erasers, concepts, in: run, on: common.openDevice())
        if common.json {
          return print(try JSON.array(done.map { try JSON(encoding: $0) }).pretty, terminator: "")
        }
        guard !common.isQuiet else { return }
        if done.isEmpty { print("every concept has an eraser; name the concepts to train again") }
        for entry in done {
          let bytes = try InputFile.size(erasers.file(entry.name))
          print(
            "\(entry.name.padded(16)) trained: "
              + String(format: "%.2f MB, %.1f s", Double(bytes) / 1e6, entry.seconds))
        }
        common.next("eraser", "check", set.set)
      }
    }
  }
}
