import ArgumentParser
import Evaluation
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

      LETHE_DEVICE and LETHE_JUDGE are tried where they are set. The lines say 'fine', 'absent' or 'broken'. Something absent is needed by some commands only. Something broken \
      ends the command with exit code 4.
      """)

  @Argument(help: "Model folder to look at.", completion: .directory)
  var model: String?
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      try model.map { try ModelFolder($0).requireFolder() }
      let doctor = Doctor(model.map { ModelFolder($0) })
      let variables = variables
      let findings = doctor() + variables
      if common.json {
        print(try JSON(encoding: findings).pretty, terminator: "")
      } else {
        let table = Table.list(
          findings, corner: [("", \.name)],
          across: [("", { .init($0.state.rawValue) }), ("", { .init($0.text) })])
        print(table.plain, terminator: "")
      }
      if let broken = findings.first(where: { $0.state == .broken }) {
        throw LetheError(
          .model, in: variables.contains { $0.name == broken.name } ? broken.name : nil, broken.text
        )
      }
      common.next(doctor.next)
    }
  }

  /// The device and the judge of the environment, each of which is opened as a command would.
  private var variables: [Doctor.Finding] {
    func finding(_ name: String, _ open: (String) throws -> String) -> [Doctor.Finding] {
      guard let text = Defaults.text(name) else { return [] }
      do {
        return [.init(name: name, state: .fine, text: try open(text))]
      } catch {
        return [
          .init(
            name: name, state: .broken,
            text: (error as? LetheError)?.fault ?? Failure.sentence(error))
        ]
      }
    }
    return finding("LETHE_DEVICE") { text in
      _ = try Defaults.read("LETHE_DEVICE", for: "--device", RankSession.device)
      return "\(text), which commands compute on without --device"
    }
      + finding("LETHE_JUDGE") { text in
        let spec = try Defaults.read("LETHE_JUDGE", for: "--judge", JudgingOptions.spec)
        try spec.map { try Doctor.open($0, in: LetheProgram.catalogs.judges) }
        return "\(text), which judges without --judge where a run has no judge of its own"
      }
  }
}
