import ArgumentParser
import Auditing
import Evaluation
import Foundation
import Processes
import Torch
import Workbench
import Workflows

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write the HTML page of a run, or of results.",
    help: """
      Examples:
        lethe report runs/esd-fox
        lethe report runs/esd-fox/attack --open
        lethe report runs/robustness

      The page is FOLDER/report.html. It loads no other file. That of an audit has its model card README.md, results.csv, and \
      the pages of its attacks and of its fine-tuning written again too.
      """)

  @Argument(
    help:
      "Folder of a run, or one with a results.json that a command wrote: `evaluate`, `attack`, `relearn`, `audit`, `compare` or `bench`.",
    completion: .directory)
  var runFolder: String
  @OptionGroup var page: PageOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      let folder = RunFolder(runFolder)
      let file = try WriteReport(folder, catalogs: LetheProgram.catalogs)()
      try AuditFiles.renew(in: folder, catalogs: LetheProgram.catalogs)
      try page.show(file, common)
      guard folder.has("job.json") else { return }
      if !folder.has("results.json") {
        common.next(try folder.job().measuring(runFolder.pathWord, judges: folder.judges()))
      } else if !folder.has("attack/results.json") {
        // A judge that cannot tell the concept is refused there.
        let judges = try folder.results().judges
        let canTell =
          judges.isEmpty
          || judges.contains { $0.otherKind == nil && $0.standing != .cannotTell }
        if canTell { common.next("attack", runFolder.pathWord, "--quick") }
      }
    }
  }
}

/// The step after a page is written.
struct PageOptions: ParsableArguments {
  @Flag(help: "Open the page in the usual program.")
  var open = false

  /// Prints the page's path, and opens it where that was asked for.
  func show(_ file: URL, _ common: CommonOptions) throws {
    try common.show(["page": .string(file.path)]) { print(file.path) }
    try openPage(file)
  }

  /// - Throws: ``LetheError`` where no program opens pages here
  func openPage(_ file: URL) throws {
    if open, RankSession.ranks.isFirst { try Self.open(file.path) }
  }

  /// Opens a file or an address in the usual program.
  /// - Throws: ``LetheError`` where no program opens pages here
  static func open(_ place: String) throws {
    #if os(macOS)
      let program = "/usr/bin/open"
    #else
      let program = "/usr/bin/xdg-open"
    #endif
    guard FileManager.default.isExecutableFile(atPath: program) else {
      throw LetheError(
        .other, "--open: \(program) is not there, so no program opens \(place); open it by hand"
      )
    }
    let process = Process()
    process.executableURL = Place(argument: program).url
    process.arguments = [place]
    try process.run()
  }
}
