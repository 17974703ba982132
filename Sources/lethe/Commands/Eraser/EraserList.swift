import ArgumentParser
import Editing
import Reports
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
        print(erasers.stateTable.plain, terminator: "")
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
    @Argument(help: "Concept of the set.", completion: .setConcepts)
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
}

extension EraserSet {
  /// The concepts with their states, their prompts and the room that each eraser had.
  var stateTable: Table {
    .list(
      card.entries, corner: [("", \.name)],
      across: [
        ("", { .init($0.state) }),
        (
          "",
          {
            .init(
              "\($0.prompts.count.counted("prompt")), \($0.paraphrases.count.counted("paraphrase"))"
                + ($0.isTrained ? ", \($0.nullity) free directions" : ""))
          }
        ),
      ])
  }

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

extension [RankBudget.Row] {
  /// The concepts with their kept and free directions.
  var table: Table {
    .list(
      self, corner: [("", \.name)],
      across: [
        ("", { .init("\($0.rank) of \($0.width) directions kept, \($0.nullity) free") })
      ])
  }
}

extension RankBudget.Row {
  var json: JSON {
    [
      "name": .string(name), "prompts": .int(prompts), "rank": .int(rank), "width": .int(width),
      "upToDate": .bool(isUpToDate),
    ]
  }
}
