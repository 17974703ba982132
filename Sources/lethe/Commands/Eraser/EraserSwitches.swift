import ArgumentParser
import Editing

extension EraserCommand {
  struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Restore concepts: switch their erasers off and keep them.",
      help: """
        Example:
          lethe eraser restore runs/set cat

        `lethe eraser add runs/set cat` switches the eraser on again.
        """)
    @OptionGroup var set: SetArgument
    @Argument(help: "Concepts of the set.", completion: .setConcepts)
    var concepts: [String]
    @OptionGroup var common: CommonOptions

    func run() throws {
      try set.changing(common) { try $0.switching(concepts, on: false) }
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove concepts and their eraser files from the set for good.",
      help: """
        Example:
          lethe eraser remove runs/set cat

        Other erasers no longer have to keep its prompts, which frees directions for new erasers.
        """)
    @OptionGroup var set: SetArgument
    @Argument(help: "Concepts of the set.", completion: .setConcepts)
    var concepts: [String]
    @OptionGroup var common: CommonOptions

    func run() throws {
      try set.changing(common) { erasers in
        let names = try concepts.map { try erasers.entry($0).name }
        for name in names { try erasers.remove(name) }
      }
    }
  }
}
