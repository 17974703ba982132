import ArgumentParser
import Diffusion
import Editing
import Foundation
import Torch
import Training
import Workbench

extension EraserCommand {
  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Create an empty set for a model.",
      help: """
        Example:
          lethe eraser init runs/set Models/emoji --protect "a noto emoji of a lion"
        """)
    @OptionGroup var set: SetArgument
    @Argument(help: "Folder of the base model.", completion: .directory)
    var model: String
    @Option(help: "Prompt that no eraser may change. May be repeated.")
    var protect: [String] = []
    @Option(
      help:
        "Prompts that erasers should change little: 'others' for every caption that the model lists, or for a built-in list where it lists none; 'none', or a CSV file."
    )
    var regular = "others"
    @Option(help: "Seed of the erasers' trainings.")
    var seed: UInt64 = 0
    @OptionGroup var additions: ModelOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.reporting {
        let named = ModelFolder(model, additions.additions)
        // The set is found from anywhere; a name of the hub stays one.
        let folder = ModelFolder(
          named.isOfHub ? model : named.url.standardizedFileURL.path, named.additions)
        let loaded = try folder.model(on: common.openDevice())
        _ = try loaded.tokenizer(for: "a set of erasers")
        let base = loaded.hash()
        let prompts =
          switch regular {
          case "others": try folder.listedThemes()?.allPrompts ?? ConceptKind.everydayPrompts
          case "none": [String]()
          default: try PromptTable(named: regular, "--regular").rows.map(\.prompt)
          }
        if let cut = loaded.layout.cut(protect + prompts) { CommonOptions.note(cut.note) }
        _ = try EraserSet.create(
          set.url, model: folder.path, folder.additions, base: base, protecting: protect,
          regular: prompts, seed: seed)
        try common.show([
          "set": .string(set.set), "model": .string(model), "base": .string(base),
          "regular": .int(prompts.count),
        ]) {
          print(
            "\(set.set): for \(model), base \(base.prefix(12)), \(prompts.count.counted("regular prompt"))"
          )
        }
        common.next("eraser", "add", set.set.pathWord, "CONCEPT")
      }
    }
  }
}
