import ArgumentParser
import Foundation
import Reports
import Torch
import Workbench
import Workflows

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look at this machine and at a model folder before long work begins.",
    help: """
      Examples:
        lethe doctor
        lethe doctor Models/emoji
        lethe doctor ~/sd14 --json

      The lines say 'fine', 'absent' or 'broken'. Something absent is needed by some commands only. Something broken \
      ends the command with exit code 4.
      """)

  @Argument(help: "Model folder to look at.", completion: .directory)
  var model: String?
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      try model.map { try ModelFolder($0).requireFolder() }
      let doctor = Doctor(model.map { ModelFolder($0) })
      let findings = doctor()
      if common.json {
        print(try JSON(encoding: findings).pretty, terminator: "")
      } else {
        let table = Table.list(
          findings, corner: [("", \.name)],
          across: [("", { .init($0.state.rawValue) }), ("", { .init($0.text) })])
        print(table.plain, terminator: "")
      }
      if let broken = findings.first(where: { $0.state == .broken }) {
        throw LetheError(.model, broken.text)
      }
      common.next(doctor.next)
    }
  }
}
