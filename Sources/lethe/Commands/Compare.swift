import ArgumentParser
import Evaluation
import Foundation
import Reports
import Torch
import Training
import Workbench
import Workflows

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Write one page of several evaluated runs, side by side.",
    help: """
      Examples:
        lethe compare runs/esd-fox runs/uce-fox --out runs/both
        lethe compare runs/*-fox --out runs/foxes --open

      Nothing is drawn or judged: the numbers are those of the runs' results.json. Runs that were drawn or judged in \
      different ways are named on the page.
      """)

  @Argument(help: "Folders of runs that `lethe evaluate` measured.", completion: .directory)
  var runs: [String]
  @Option(help: "Folder for results.json, results.md and report.html.")
  var out: String
  @OptionGroup var page: PageOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      var compare = try Compare(runs)
      compare.command = ["lethe"] + CommandLine.arguments.dropFirst()
      let run = try common.run(at: out, seed: 0)
      let results = try compare(in: run, catalogs: LetheProgram.catalogs)
      ProgressLine.shared.end()
      if common.json {
        print(try JSON(encoding: results).pretty, terminator: "")
      } else {
        let verdict = BenchVerdict.forgetting(results)?.sentence
        if common.isQuiet {
          print(verdict.map { (results.quick ? "quick: " : "") + $0 } ?? out)
        } else {
          let metrics = LetheProgram.catalogs.metrics
          print(ResultsPage.main(results, metrics).markdown, terminator: "")
          print(ResultsPage.legend(results, metrics))
          if results.quick {
            print("quick: runs with few pictures and wide intervals; quote full runs instead")
          }
          if let verdict { print(verdict) }
          BenchVerdict.warnings(results).forEach { print("warning: \($0)") }
          results.notes.forEach { print($0) }
          print("\(out)/report.html")
        }
      }
      try page.openPage(run.file("report.html"))
      let untried = runs.first {
        RunFolder($0).has("job.json") && !RunFolder($0).has("attack/results.json")
      }
      if let untried {
        common.next(["attack", untried.pathWord] + RunFolder(untried).judgeOption())
      }
    }
  }
}
