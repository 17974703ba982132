import ArgumentParser
import Torch
import Workbench
import Workflows

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Tell what a picture, an eraser, a LoRA, a model, a run or a set is.",
    discussion: """
      Examples:
        lethe show runs/fox/0_0.png
        lethe show runs/esd-fox
        lethe show runs/esd-fox/eraser.safetensors
        lethe show Models/emoji
      """)

  @Argument(help: "File or folder.")
  var file: String
  @OptionGroup var common: CommonOptions

  /// A name with its value; further lines of the value stand below its first.
  static func lines(_ name: String, _ value: String) -> String {
    let lines = value.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    let indent = "\n" + String(repeating: " ", count: 17)
    return "\(name.padded(16)) "
      + lines.map { String($0).printable() }.joined(separator: indent)
  }

  func run() throws {
    try common.reporting {
      let rows = try Show(file)()
      if common.json {
        let members = rows.map { ($0.0, JSON.string($0.1)) }
        return print(JSON.object(Dictionary(members) { first, _ in first }).pretty, terminator: "")
      }
      for (name, value) in rows { print(Self.lines(name, value)) }
    }
  }
}
