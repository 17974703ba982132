import ArgumentParser
import Foundation
import Reports
import Torch
import Workbench
import Workflows

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Describe a picture, an eraser, a LoRA, a model, a run or a set.",
    help: """
      Examples:
        lethe show runs/fox/0_0.png
        lethe show runs/esd-fox
        lethe show runs/esd-fox/eraser.safetensors
        lethe show Models/emoji
      """)

  @Argument(help: "File or folder.")
  var file: String
  @OptionGroup var common: CommonOptions

  /// Names with their values in lines of 80 characters, where the words allow it. Values in JSON have a line for each
  /// of their parts.
  static func table(_ rows: [(name: String, value: String)]) -> Table {
    let room = max(40, 78 - (rows.map(\.name.count).max() ?? 0))
    func lines(_ value: String) -> [String] {
      let parts = (try? JSONText.value(Data(value.utf8))).flatMap { $0.members == nil ? nil : $0 }
        .map { $0.parts("") }
      return parts
        ?? value.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        .map(String.init)
    }
    return .list(
      rows, corner: [("", \.name)],
      across: [
        (
          "",
          { row in
            .init(
              lines(row.value).flatMap { $0.printable().wrapped(room) }.joined(separator: "\n"))
          }
        )
      ])
  }

  func run() throws {
    try common.reporting {
      let rows = try Show(file, LetheProgram.catalogs)()
      if common.json {
        let members = rows.map { ($0.0, JSON.string($0.1)) }
        return print(JSON.object(Dictionary(members) { first, _ in first }).pretty, terminator: "")
      }
      print(Self.table(rows).plain, terminator: "")
    }
  }
}

extension JSON {
  /// One line for each value within, by its path as `--set` takes it: `training.steps=300`.
  fileprivate func parts(_ path: String) -> [String] {
    if let array, compact.count > 60 {
      return ["\(path)="] + array.map { $0.string ?? $0.compact }
    }
    guard let members, !members.isEmpty else { return ["\(path)=\(string ?? compact)"] }
    return members.sorted { $0.key < $1.key }.flatMap { key, value in
      value.parts(path.isEmpty ? key : "\(path).\(key)")
    }
  }
}

extension String {
  /// The text in lines of at most `width` characters, cut between words; a longer word stays whole.
  func wrapped(_ width: Int) -> [String] {
    var lines = [""]
    for word in split(separator: " ", omittingEmptySubsequences: false) {
      let last = lines[lines.count - 1]
      if lines.count == 1, last.isEmpty {
        lines[0] = String(word)
      } else if last.count + 1 + word.count <= width {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
