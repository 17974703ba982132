import ArgumentParser
import Editing
import Torch

extension EraserCommand {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the concepts of a set, in order.")
    @OptionGroup var set: SetArgument
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.reporting {
        let erasers = try set.open()
        for entry in erasers.card.entries {
          let state = entry.isActive ? "erased" : entry.isTrained ? "restored" : "not trained"
          print(
            "\(entry.name.padded(16)) \(state.padded(12)) \(entry.prompts.count) prompts, "
              + "\(entry.paraphrases.count) paraphrases"
              + (entry.isTrained ? ", \(entry.nullity) free directions" : ""))
        }
        if !erasers.card.protected.isEmpty {
          print("protected: \(erasers.card.protected.joined(separator: "; "))")
        }
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
        print(try JSON(encoding: entry).pretty, terminator: "")
        guard entry.isTrained else { return }
        let eraser = try erasers.eraser(concept)
        print(try JSON(encoding: eraser.card).pretty, terminator: "")
      }
    }
  }
}
