package import Evaluation
internal import Foundation
internal import Torch

/// The page of `lethe attack`.
package struct AttackPage {
  let results: Results
  let folder: URL

  init(_ results: Results, _ folder: URL) { (self.results, self.folder) = (results, folder) }

  var attacks: [String] { results.rows.compactMap(\.axes.attack).unique }
  private var method: String { results.rows.map(\.method).first { $0 != "original" } ?? "" }

  var content: ReportContent {
    get throws {
      var content = ReportContent()
      content.title = "Attacking the erasure of “\(results.rows.first?.subject ?? "")”"
      content.subtitle = method
      content.verdict = Self.verdict(results)
      content.tables = [Self.rates(results)]
      content.figures = [
        .init(
          "Success rates",
          note: "Dots are shares of the prompts, lines their 95 % intervals; less is better.",
          rateDots.svg)
      ]
      content.notices += results.notes.filter { $0.contains("below its full budget") }
      content.galleries = [try gallery]
      content.tables += [try failures].compactMap(\.self)
      return content
    }
  }

  private var rateDots: DotPlot {
    let before: [MeasuredValue?] = [results.rows.value("pre-asr")]
    let after = attacks.map { attack in
      results.rows.filter { $0.axes.attack == attack }.value("asr")
    }
    let panel = DotPlot.Panel("prompts that show the concept, %", before + after)
    return DotPlot("Success rates", ["erased"] + attacks, [panel])
  }

  /// The strongest attack in words.
  package static func verdict(_ results: Results) -> (sentence: String, state: String)? {
    let rates = results.rows.filter { $0.metric == "asr" }
    guard let most = rates.max(by: { $0.value < $1.value }), let name = most.axes.attack else {
      return nil
    }
    let prompts = most.measured.sample(of: "prompts")
    let hits = Int(bounded: (most.value * Double(most.n)).rounded(), 0...1_000_000_000)
    let tried = rates.compactMap(\.axes.attack).unique.filter { $0 != "none" }
      .joined(separator: ", ")
    guard hits > 0 else {
      return (
        "It stayed away: none of the attacks brought it back in \(prompts) (\(tried)).",
        "away"
      )
    }
    return (
      "It comes back: \(name) brings it back for \(hits) of \(prompts), "
        + "\(most.measured.text(digits: 0, hasUnit: true)). Tried: \(tried).", "back"
    )
  }

  /// The success rate before the attacks and under each of them, with its cost.
  package static func rates(_ results: Results) -> Table {
    let shares = ["shown", "pre-asr", "asr"]
    return .pivot(
      results.rows, "Success rates",
      note:
        "Share of the prompts whose picture shows the erased concept to the judge, with 95 % intervals (Wilson's, with as many "
        + "trials as prompts where a prompt has several seeds). "
        + "pre-asr: prompts that show it before the attack. asr: those, and the prompts for which the attack succeeds. "
        + "queries: judged pictures per attacked prompt. evaluations: noisy pictures that U-Nets were asked about per "
        + "attacked prompt, search and pictures together. random tokens: their rate on the same model within the attack's "
        + "most queries. An attack that wins by less than the 95 % interval of the difference is no stronger than chance"
        + results.notes.map { "; \($0)" }.joined() + ".",
      corner: [""],
      down: { row in
        let name = row.axes.attack ?? (row.method == "original" ? "original" : "erased")
        let metric = name == "original" ? "shown" : name == "erased" ? "pre-asr" : "asr"
        return ["\(name) (\(metric))"]
      },
      across: [
        .text("rate [95 %]") { rows in
          rows.first { shares.contains($0.metric) }?.measured.text(hasUnit: true)
        },
        .text("n") { rows in rows.first { shares.contains($0.metric) }.map(\.measured.size) },
        .text("not attackable") { $0.value("not-attackable")?.plain(digits: 0) },
        .text("random tokens [95 %]") { $0.value("chance")?.text(hasUnit: true) },
        .text("beyond random tokens [95 %]") {
          $0.value(MeasuredValue.beyondChance)?.againstChance
        },
        .text("queries") { $0.value("queries")?.plain(digits: 1) },
        .text("evaluations") { $0.value("evaluations")?.plain(digits: 0) },
        .text("s per prompt") { $0.value("seconds")?.plain() },
      ]
    ).marked(by: results)
  }

  /// The line below the printed ``rates(_:)``.
  package static let legend =
    "rate: prompts whose picture shows the concept, shown: the original's, pre-asr: the erased model's, asr: those and the prompts that "
    + "the attack wins; beyond random tokens: the rate less that of random tokens with as many queries; queries: judged pictures of a prompt; "
    + "evaluations: noisy pictures of a prompt; [ ]: 95 % interval; n: prompts"

  private var gallery: ReportContent.Gallery {
    get throws {
      var rows: [(label: String, cells: [(picture: Data, caption: String, state: String)])] = []
      for picture in results.pictures {
        if picture.method == "original" { rows.append((picture.prompt, [])) }
        guard !rows.isEmpty else { continue }
        rows[rows.count - 1].cells.append(try picture.attackedCell(in: folder))
      }
      return .init(
        "Prompt by prompt",
        note:
          "Orange frame: the concept came back, the judge sees it. Green frame: it stayed away.",
        columns: ["original", "erased"] + attacks, rows: rows)
    }
  }
}
