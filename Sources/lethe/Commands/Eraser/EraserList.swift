import ArgumentParser
import Editing
import Torch
import Workbench
import Workflows

extension EraserCommand {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the concepts of a set, in order.")
    @OptionGroup var set: SetArgument
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.reporting {
        let erasers = try set.open()
        if common.json { return print(erasers.states.pretty, terminator: "") }
        if erasers.card.entries.isEmpty { print("no concept is in the set yet") }
        erasers.card.entries.forEach { print($0.stateLine) }
        if !erasers.card.protected.isEmpty {
          print("protected: \(erasers.card.protected.joined(separator: "; "))")
        }
        common.next(set.next(erasers))
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the entry and the card of one eraser.")
    @OptionGroup var set: SetArgument
    @Argument(help: "Concept of the set.")
    var concept: String
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.reporting {
        let erasers = try set.open()
        let entry = try erasers.entry(concept)
        let card = entry.isTrained ? try JSON(encoding: erasers.eraser(concept).card) : .null
        if common.json {
          let both: JSON = ["entry": try JSON(encoding: entry), "card": card]
          return print(both.pretty, terminator: "")
        }
        print(try JSON(encoding: entry).pretty, terminator: "")
        if entry.isTrained { print(card.pretty, terminator: "") }
      }
    }
  }
}

extension EraserSet.Entry {
  /// Whether the concept's eraser is on, off or not there.
  var state: String { isActive ? "erased" : isTrained ? "restored" : "not trained" }

  /// The state, the prompts and the room that the eraser had.
  var stateLine: String {
    "\(name.padded(16)) \(state.padded(12)) \(prompts.count) prompts, \(paraphrases.count) paraphrases"
      + (isTrained ? ", \(nullity) free directions" : "")
  }
}

extension EraserSet {
  /// The concepts and their states, in order.
  var states: JSON {
    .array(
      card.entries.map { entry in
        [
          "name": .string(entry.name), "state": .string(entry.state),
          "nullity": .int(entry.nullity),
        ]
      })
  }
}

extension RankBudget.Row {
  var sentence: String {
    "\(name.padded(16)) \(rank) of \(width) directions kept, \(nullity) free"
  }

  var json: JSON {
    [
      "name": .string(name), "prompts": .int(prompts), "rank": .int(rank), "width": .int(width),
      "upToDate": .bool(isUpToDate),
    ]
  }
}
