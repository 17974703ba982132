import ArgumentParser
import Editing
import Foundation
import Reports
import Torch
import Workbench
import Workflows

struct EraserCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eraser",
    abstract: "Manage a set of erasers that are switched on and off one by one.",
    help: """
      Examples:
        lethe eraser init runs/set Models/emoji
        lethe eraser add runs/set fox cat dog
        lethe eraser train runs/set
        lethe eraser check runs/set
        lethe eraser restore runs/set cat
        lethe generate Models/emoji --erasers runs/set --prompt "a noto emoji of a cat" --out runs/cat

      A set has the prompts of all its concepts. SepME trains each eraser in the null space of the other concepts' \
      prompts and of the empty prompt. An eraser therefore leaves the others' prompts as they are, and switching it \
      off restores its own concept.
      """,
    subcommands: [
      Init.self, Add.self, Train.self, Restore.self, Remove.self, List.self, Show.self, Check.self,
    ])

  struct SetArgument: ParsableArguments {
    @Argument(help: "Folder of the set.", completion: .directory)
    var set: String
    var url: URL { Place(argument: set).url }
    /// - Parameter toChange: whether other processes stay out of the set for as long as it is open
    func open(toChange: Bool = false) throws -> EraserSet {
      try EraserSet(url, keepingOthersOut: toChange)
    }
    /// Changes the set, prints it, and names the command that comes next.
    func changing(_ common: CommonOptions, _ change: (inout EraserSet) throws -> Void) throws {
      try common.reporting {
        var erasers = try open(toChange: true)
        try change(&erasers)
        try common.show(erasers.states) { print(erasers.stateTable.plain, terminator: "") }
        common.next(next(erasers))
      }
    }
    /// The command that a set of this state needs next.
    func next(_ erasers: EraserSet) -> [String] {
      let entries = erasers.card.entries
      guard !entries.isEmpty else { return ["eraser", "add", set.pathWord, "CONCEPT"] }
      return ["eraser", entries.allSatisfy(\.isTrained) ? "check" : "train", set.pathWord]
    }
  }
}
