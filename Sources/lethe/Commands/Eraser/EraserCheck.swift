import ArgumentParser
import Diffusion
import Editing
import Foundation
import Reports
import Torch
import Workbench
import Workflows

extension EraserCommand {
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check that no eraser changes the keys and values of another's prompts.",
      help: """
        Example:
          lethe eraser check runs/set

        The residual of an eraser on a prompt is the largest | e dW^T | / | e W^T | over layers and token rows. The \
        command prints it for every eraser and every other concept. A residual above --limit ends the command with \
        exit code 1 and the name of the eraser to train again. The usual cause is a concept that was added after \
        the eraser was trained. The last line is PASS or FAIL. 'proved' marks prompts in whose null space the eraser was \
        trained: their keys and values cannot change, and the residual says how exactly. 'measured' marks the others, such \
        as paraphrases. They have no guarantee.
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
        try accept("--limit", limit, .number(0...1_000_000))
        let erasers = try set.open()
        let model = try erasers.modelFolder.model(on: common.openDevice())
        try erasers.checkBase(model)
        let check = try SeparationCheck(erasers, model, limit: limit)
        if common.json {
          print(check.json.pretty, terminator: "")
        } else {
          for (row, line) in zip(check.rows, Self.table(check.rows).plainRows) {
            print(line)
            for (layer, residual) in verbose ? row.layers : [] {
              print("  \(String(format: "%.1e", residual))  \(layer)")
            }
          }
          print(check.verdict)
        }
        guard !check.rows.isEmpty else {
          throw LetheError(
            .other,
            "\(set.set) has no trained eraser, so nothing was checked; `lethe eraser train \(set.set)` trains them"
          )
        }
        guard !check.failures.isEmpty else {
          let on = erasers.card.entries.contains(where: \.isActive)
          if on {
            common.next(
              "evaluate", erasers.card.model, "--erasers", set.set, "--out", "\(set.set)-measured")
          }
          return
        }
        throw LetheError(.other, Self.sentence(check.failures, set: set.set, limit: limit))
      }
    }

    private static func table(_ rows: [SeparationCheck.Row]) -> Table {
      .list(
        rows, corner: [("", \.eraser)],
        across: [
          ("", { .init("on \($0.concept)" + ($0.isParaphrase ? ", paraphrases" : "")) }),
          ("", { .init(String(format: "%.1e", $0.residual)) }), ("", { .init($0.basis) }),
          (
            "",
            { .init($0.isParaphrase || $0.isKnown ? "" : "added after its training") }
          ),
        ])
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
