import ArgumentParser
import Diffusion
import Editing
import Foundation
import Torch
import Training
import Unlearning
import Workbench

struct EraserCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eraser",
    abstract: "Manage a set of erasers that are switched on and off one by one.",
    discussion: """
      Examples:
        lethe eraser init runs/set --model Models/emoji
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
    var url: URL { URL(fileURLWithPath: set) }
    /// - Parameter toChange: whether other processes stay out of the set for as long as it is open
    func open(toChange: Bool = false) throws -> EraserSet {
      try EraserSet(url, keepingOthersOut: toChange)
    }
  }

  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Create an empty set for a model.",
      discussion: """
        Example:
          lethe eraser init runs/set --model Models/emoji --protect "a noto emoji of a lion"
        """)
    @OptionGroup var set: SetArgument
    @Option(help: "Folder of the base model.", completion: .directory)
    var model: String
    @Option(help: "Prompt that no eraser may change. May be repeated.")
    var protect: [String] = []
    @Option(
      help:
        "Prompts that erasers should change little: 'others' for every caption that the model lists, 'none', or a CSV file."
    )
    var regular = "others"
    @Option(help: "Seed of the erasers' trainings.")
    var seed: UInt64 = 0
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.reporting {
        let folder = URL(fileURLWithPath: model).standardizedFileURL
        let loaded = try DiffusionModel.load(folder, on: common.openDevice())
        _ = try loaded.tokenizer(for: "a set of erasers")
        let base = loaded.hash()
        let prompts =
          switch regular {
          case "others": try Themes.load(folder)?.allPrompts ?? []
          case "none": [String]()
          default: try PromptTable(contentsOf: URL(fileURLWithPath: regular)).rows.map(\.prompt)
          }
        if let cut = loaded.layout.cut(protect + prompts) { CommonOptions.note(cut.note) }
        _ = try EraserSet.create(
          set.url, model: folder, base: base, protecting: protect, regular: prompts, seed: seed)
        if !common.quiet {
          print(
            "\(set.set): for \(model), base \(base.prefix(12)), \(prompts.count) regular prompts")
        }
      }
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add concepts to the set, or switch their erasers on again.",
      discussion: """
        Examples:
          lethe eraser add runs/set fox cat
          lethe eraser add runs/set "symbola style" --partner fox --partner cat
          lethe eraser add runs/sd "Van Gogh" --prompt "Van Gogh" --prompt "a painting by Van Gogh"

        Every other eraser leaves the prompts of a concept exactly as they are. Paraphrases are erased with the \
        concept, but other erasers may change them; `lethe eraser check` measures by how much.
        """)
    @OptionGroup var set: SetArgument
    @Argument(help: "Concepts to add.")
    var concepts: [String]
    @Option(
      help:
        "Prompt of the concept, for one concept at a time. The captions that the model lists when left out. May be repeated."
    )
    var prompt: [String] = []
    @Option(help: "Paraphrase of the concept, for one concept at a time. May be repeated.")
    var paraphrase: [String] = []
    @Option(
      help:
        "Style for the prompts of objects, or object for the prompts of styles. All when left out. May be repeated."
    )
    var partner: [String] = []
    @Option(
      help:
        "Relative size, above 0, from which a direction counts in the printed budget; `lethe eraser train --set tolerance=...` has its own."
    )
    var tolerance = 1e-4
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.reporting {
        var erasers = try set.open(toChange: true)
        guard concepts.count == 1 || (prompt.isEmpty && paraphrase.isEmpty) else {
          throw LetheError.badValue(
            "--prompt",
            "\(concepts.count) concepts are named; --prompt and --paraphrase need exactly one")
        }
        let folder = URL(fileURLWithPath: erasers.card.model)
        let themes = try Themes.load(folder)
        let layout = try Layout.of(folder)
        for name in concepts {
          if erasers[name] != nil {
            try erasers.switching([name], on: true)
          } else {
            let entry = try EraserSet.Entry.managed(
              name, in: themes, prompts: prompt, paraphrases: paraphrase, partners: partner)
            try layout.refuseCut(entry.prompts + entry.paraphrases + entry.anchors, of: name)
            try erasers.add(entry)
          }
        }
        guard !common.quiet else { return }
        let model = try DiffusionModel.load(
          URL(fileURLWithPath: erasers.card.model), on: common.openDevice())
        let budget = RankBudget(erasers, model, tolerance: tolerance)
        for row in budget.rows {
          print(
            "\(row.name.padded(16)) \(row.prompts) prompts to keep use \(row.rank) of \(row.width) directions, "
              + "\(row.nullity) free"
              + (row.isUpToDate ? "" : "; retrain: a concept was added after its training")
          )
        }
        if let full = budget.rows.first(where: { $0.nullity == 0 }) {
          warn(
            "warning: no direction is free for '\(full.name)'; `lethe eraser train` names what to drop"
          )
        }
      }
    }
  }

  struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Train the missing erasers, or those that are named.",
      discussion: """
        Examples:
          lethe eraser train runs/set
          lethe eraser train runs/set fox --set training.steps=300 --set tolerance=1e-4
        """)
    @OptionGroup var set: SetArgument
    @Argument(help: "Concepts to train again. Those without an eraser when left out.")
    var concepts: [String] = []
    @Option(
      name: .customLong("set"),
      help:
        "Option of SepME, e.g. tolerance=1e-4 (`lethe list methods --verbose`). May be repeated.")
    var settings: [String] = []
    @Flag(help: "Preview: print the resolved options and the rank budget, and stop.")
    var dryRun = false
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.reporting {
        var erasers = try set.open(toChange: true)
        let train = try TrainErasers(settings: settings)
        if dryRun {
          print(try JSON(encoding: train.method).pretty, terminator: "")
          let model = try DiffusionModel.load(
            URL(fileURLWithPath: erasers.card.model), on: common.openDevice())
          for row in RankBudget(erasers, model, tolerance: train.method.tolerance).rows {
            print(
              "\(row.name.padded(16)) \(row.rank) of \(row.width) directions kept, \(row.nullity) free"
            )
          }
          return
        }
        if !common.quiet {
          let model = try DiffusionModel.load(
            URL(fileURLWithPath: erasers.card.model), on: common.openDevice())
          let budget = RankBudget(erasers, model, tolerance: train.method.tolerance)
          for row in budget.rows
          where concepts.isEmpty
            ? erasers[row.name]?.isTrained != true : concepts.contains(row.name)
          {
            print(
              "\(row.name.padded(16)) \(row.rank) of \(row.width) directions kept, \(row.nullity) free"
            )
          }
        }
        let run = try common.run(
          at: set.url.appendingPathComponent("run").path, seed: erasers.card.seed)
        let done = try train(&erasers, concepts, in: run, on: common.openDevice())
        guard !common.quiet else { return }
        if done.isEmpty { print("every concept has an eraser; name the concepts to train again") }
        for entry in done {
          let bytes = try Data(contentsOf: erasers.file(entry.name)).count
          print(
            "\(entry.name.padded(16)) trained: "
              + String(format: "%.2f MB, %.1f s", Double(bytes) / 1e6, entry.seconds))
        }
      }
    }
  }

  struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Restore concepts: switch their erasers off and keep them.",
      discussion: """
        Example:
          lethe eraser restore runs/set cat

        `lethe eraser add runs/set cat` switches the eraser on again.
        """)
    @OptionGroup var set: SetArgument
    @Argument(help: "Concepts of the set.")
    var concepts: [String]
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.reporting {
        var erasers = try set.open(toChange: true)
        try erasers.switching(concepts, on: false)
      }
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove concepts and their eraser files from the set for good.",
      discussion: """
        Example:
          lethe eraser remove runs/set cat

        Other erasers no longer have to keep its prompts, which frees directions for new erasers.
        """)
    @OptionGroup var set: SetArgument
    @Argument(help: "Concepts of the set.")
    var concepts: [String]
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.reporting {
        var erasers = try set.open(toChange: true)
        for name in concepts { _ = try erasers.entry(name) }
        for name in concepts { try erasers.remove(name) }
      }
    }
  }

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

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check that no eraser changes the keys and values of another's prompts.",
      discussion: """
        Example:
          lethe eraser check runs/set

        The residual of an eraser on a prompt is the largest | e dW^T | / | e W^T | over layers and token rows. The \
        command prints it for every eraser and every other concept. A residual above --limit ends the command with \
        exit code 1 and the name of the eraser to train again. The usual cause is a concept that was added after \
        the eraser was trained.
        """)
    @OptionGroup var set: SetArgument
    @Option(
      help:
        "Largest accepted residual, relative to the keys and values, of a prompt of another concept."
    )
    var limit = 0.05
    @Flag(help: "Details: the residual of each layer as well.")
    var verbose = false
    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.reporting {
        let erasers = try set.open()
        let model = try DiffusionModel.load(
          URL(fileURLWithPath: erasers.card.model), on: common.openDevice())
        try erasers.checkBase(model)
        let check = try SeparationCheck(erasers, model, limit: limit)
        for row in check.rows {
          let what = row.isParaphrase ? "\(row.concept), paraphrases" : row.concept
          let known = row.isParaphrase ? "" : row.isKnown ? "" : "  added after its training"
          print(
            "\(row.eraser.padded(16)) on \(what.padded(28)) \(String(format: "%.1e", row.residual))\(known)"
          )
          for (layer, residual) in verbose ? row.layers : [] {
            print("  \(String(format: "%.1e", residual))  \(layer)")
          }
        }
        guard !check.failures.isEmpty else { return }
        throw LetheError(.other, Self.sentence(check.failures, set: set.set, limit: limit))
      }
    }

    /// The sentence that names the failed erasers and the command that trains them again.
    private static func sentence(
      _ failures: [SeparationCheck.Row], set: String, limit: Double
    ) -> String {
      let erasers = failures.map(\.eraser).reduce(into: [String]()) {
        if !$0.contains($1) { $0.append($1) }
      }
      return erasers.map { eraser in
        let own = failures.filter { $0.eraser == eraser }
        let concepts = own.map {
          "'\($0.concept)'" + ($0.isKnown ? "" : " (added after it was trained)")
        }
        let worst = own.max { $0.residual < $1.residual }
        return
          "the eraser of '\(eraser)' changes \(concepts.joined(separator: ", ")): residual up to "
          + String(format: "%.1e", worst?.residual ?? 0)
          + " at \(worst?.layer ?? ""), limit \(limit)"
      }.joined(separator: "; ") + ". Train again: lethe eraser train \(set) "
        + erasers.joined(separator: " ")
    }
  }
}
