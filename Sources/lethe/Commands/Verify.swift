import ArgumentParser
import Auditing
import Evaluation
import Foundation
import Torch
import Training
import Workbench

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract:
      "Check an audit: draw a sample of its pictures again, judge all of them and compute its numbers again.",
    help: """
      Examples:
        lethe verify runs/audit
        lethe verify runs/audit --sample 20%
        lethe verify runs/audit --all

      Model, eraser and judges are those that the audit names. The command names every exchanged model, eraser, judge, \
      picture or number, and ends with code 1. A picture counts as reproduced where all bytes are equal, or where it \
      differs by at most 2 of 255 on average, as on another processor.
      """)

  @Argument(help: "Folder of `lethe audit`.", completion: .directory)
  var folder: String
  @Option(help: "Share of the pictures to draw again, e.g. 5%.")
  var sample = "5%"
  @Flag(help: "Draw every picture again.")
  var all = false
  @Option(help: "Seed of the sample.")
  var seed: UInt64 = 0
  @OptionGroup var common: CommonOptions

  /// The first names of a list, and the number of the others.
  private static func listed(_ names: [String]) -> String {
    let some = names.prefix(10).joined(separator: ", ")
    return names.count > 10 ? "\(some) and \(names.count - 10) more files" : some
  }

  private static func misfit(_ faults: Int) -> LetheError {
    LetheError(
      .other,
      faults == 1 ? "one thing does not fit the audit" : "\(faults) things do not fit the audit")
  }

  func run() throws {
    try common.reporting {
      let number =
        sample.hasSuffix("%") ? Double(sample.dropLast()).map { $0 / 100 } : Double(sample)
      guard let share = all ? 1 : number, share > 0, share <= 1 else {
        throw LetheError.badValue("--sample", "'\(sample)'; accepted: more than 0 %, at most 100 %")
      }
      try NamedPlace.requireFolder(folder, option: "verify", "the folder of `lethe audit`")
      if let fault = RunFolder(folder).noAudit { throw fault }
      var verify = Verify(RunFolder(folder))
      (verify.share, verify.seed) = (share, seed)
      verify.catalogs = LetheProgram.catalogs
      let outcome = try verify(in: common.run(at: folder, seed: seed), on: common.openDevice())
      if common.json {
        let found: JSON = [
          "drawn": .int(outcome.drawn), "reproduced": .int(outcome.reproduced),
          "equal": .int(outcome.equal), "near": .int(outcome.near),
          "extra": .array(outcome.extra.map(JSON.string)),
          "faults": .array(outcome.faults.map { .string("\($0)") }),
          "unverified": .array(outcome.unverified.map { .string($0) }),
        ]
        print(found.pretty, terminator: "")
        guard outcome.faults.isEmpty else {
          throw Self.misfit(outcome.faults.count)
        }
        return
      }
      if outcome.faults.isEmpty {
        print("the audit holds: its numbers, texts, pages and hashes agree, and so do new pictures")
      }
      print(
        "reproduced \(outcome.reproduced) of \(outcome.drawn): \(outcome.equal) with equal bytes, "
          + "\(outcome.near) within \(Verify.tolerance) of 255")
      if !outcome.extra.isEmpty {
        print(
          "not the audit's: \(Self.listed(outcome.extra)), which nothing here vouches for and no number rests on"
        )
      }
      print(
        "not computed again, and as the author wrote it: "
          + outcome.unverified.joined(separator: "; "))
      outcome.faults.forEach { print($0) }
      guard outcome.faults.isEmpty else {
        throw Self.misfit(outcome.faults.count)
      }
    }
  }
}
