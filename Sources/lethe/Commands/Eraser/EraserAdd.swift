import ArgumentParser
import Diffusion
import Editing
import Foundation
import Reports
import Torch
import Training
import Workbench
import Workflows

extension EraserCommand {
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add concepts to the set, or switch their erasers on again.",
      help: """
        Examples:
          lethe eraser add runs/set fox cat
          lethe eraser add runs/set "symbola style" --partner fox --partner cat
          lethe eraser add runs/sd "Van Gogh" --kind artist
          lethe eraser add runs/sd "Van Gogh" --prompt "Van Gogh" --prompt "a painting by Van Gogh"

        Every other eraser leaves the prompts of a concept exactly as they are. Paraphrases are erased with the \
        concept, but other erasers may change them; `lethe eraser check` measures by how much.
        """)
    @OptionGroup var set: SetArgument
    @Argument(help: "Concepts to add.", completion: .concepts)
    var concepts: [String]
    @Option(
      help:
        "Prompt of the concept, for one concept at a time. The captions that the model lists when left out. May be repeated."
    )
    var prompt: [String] = []
    @Option(
      help:
        "Kind of a concept that the model does not list: object, style, artist, person or content. It brings prompts and anchors."
    )
    var kind: ConceptKind?
    @Option(
      help:
        "Words in the concept's place in prompts without it; a whole prompt for styles and artists."
    )
    var anchor: String?
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
        try accept("--tolerance", tolerance, .positive(1))
        try Limit.check(prompts: prompt + paraphrase)
        var erasers = try set.open(toChange: true)
        guard concepts.count == 1 || (prompt.isEmpty && paraphrase.isEmpty) else {
          throw LetheError.badValue(
            "--prompt",
            "\(concepts.count) concepts are named; --prompt and --paraphrase need exactly one")
        }
        let folder = erasers.modelFolder
        let themes = try folder.listedThemes()
        let layout = try folder.layout()
        let wording = ConceptWording(kind: kind, anchor: anchor, prompts: prompt)
        var (known, new): ([String], [EraserSet.Entry]) = ([], [])
        for text in concepts {
          let name = Concept.name(of: text, in: themes)
          themes?.readingNote(text).map(CommonOptions.note)
          if kind == nil, prompt.isEmpty { try themes?.refuseMisspelling(name, "add") }
          guard !name.isEmpty else {
            throw LetheError.badValue("add", "an empty text names nothing that could be forgotten")
          }
          guard !known.contains(name), !new.contains(where: { $0.name == name }) else {
            throw LetheError.badValue(
              "add", "'\(name)' is given twice; accepted: every concept once")
          }
          guard erasers[name] == nil else {
            known.append(name)
            continue
          }
          let entry = try EraserSet.Entry.managed(
            name, in: themes, wording, paraphrases: paraphrase, partners: partner)
          try layout.refuseCut(entry.prompts + entry.paraphrases + entry.anchors, of: name)
          new.append(entry)
        }
        // A request that is refused changes nothing.
        if !known.isEmpty { try erasers.switching(known, on: true) }
        for entry in new { try erasers.add(entry) }
        guard !common.isQuiet || common.json else { return }
        let model = try erasers.modelFolder.model(on: common.openDevice())
        let budget = RankBudget(erasers, model, tolerance: tolerance)
        if common.json {
          return print(JSON.array(budget.rows.map(\.json)).pretty, terminator: "")
        }
        let table = Table.list(
          budget.rows, corner: [("", \.name)],
          across: [
            (
              "",
              { row in
                .init(
                  "\(row.prompts.counted("prompt")) to keep \(row.prompts == 1 ? "uses" : "use") \(row.rank) of \(row.width) directions, \(row.nullity) free"
                    + (row.isUpToDate ? "" : "; retrain: a concept was added after its training"))
              }
            )
          ])
        print(table.plain, terminator: "")
        var next = set.next(erasers)
        if let full = budget.rows.first(where: { $0.nullity == 0 }) {
          let larger = budget.larger(erasers, model, than: tolerance)
          let option = larger.map { ["--set", "tolerance=\($0.tolerance)"] } ?? []
          let train = (["lethe", "eraser", "train", set.set] + option).shellCommand
          warn(
            "warning: no direction is free for '\(full.name)' at tolerance \(tolerance); "
              + (larger.map {
                "`\(train)` leaves \($0.free) and keeps other concepts less exactly; otherwise "
              }
                ?? "")
              + "add concepts with fewer prompts (--partner), or remove one"
          )
          if next.dropFirst().first == "train" { next += option }
        }
        common.next(next)
      }
    }
  }
}
