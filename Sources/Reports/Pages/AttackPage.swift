package import Evaluation
internal import Foundation
internal import Torch

/// The page of `lethe attack`.
package struct AttackPage {
  let results: Results
  let folder: URL

  init(_ results: Results, _ folder: URL) { (self.results, self.folder) = (results, folder) }

  var attacks: [String] { results.rows.compactMap(\.axes.attack).unique }
  var method: String { results.rows.map(\.method).first { $0 != "original" } ?? "" }

  var content: ReportContent {
    get throws {
      var content = ReportContent()
      content.title = "Attacking the erasure of “\(results.rows.first?.subject ?? "")”"
      content.subtitle = method
      content.verdict = Self.verdict(results).map { ($0.lines.joined(separator: "\n"), $0.state) }
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

  /// The rows of all prompts, and of each concept's where there are several; by each judge where several were asked.
  private static func parts(_ results: Results) -> [(name: String, rows: [ResultRow])] {
    let subjects = results.rows.map(\.subject).unique
    let judges = results.rows.map(\.axes.judge).unique
    return subjects.flatMap { subject in
      judges.map { judge in
        let name = subjects.count > 1 && subject == subjects[0] ? "all" : subject
        return (
          judges.count > 1 ? "\(name) by \(judge ?? "")" : name,
          results.rows.filter { $0.subject == subject && $0.axes.judge == judge }
        )
      }
    }
  }

  /// The parts that a verdict speaks of: each concept by each judge.
  private static func judged(_ results: Results) -> [(name: String, rows: [ResultRow])] {
    let parts = parts(results)
    let judges = results.rows.map(\.axes.judge).unique.count
    return results.rows.map(\.subject).unique.count > 1 ? Array(parts.dropFirst(judges)) : parts
  }

  private var rateDots: DotPlot {
    let parts = Self.parts(results)
    let panels = parts.map { name, rows in
      let after = attacks.map { attack in
        rows.filter { $0.axes.attack == attack }.value("asr")
      }
      return DotPlot.Panel(
        parts.count > 1 ? "\(name), %" : "prompts that show the concept, %",
        [rows.value("pre-asr")] + after)
    }
    return DotPlot("Success rates", ["erased"] + attacks, panels)
  }

  /// The strongest attack in words, by concept.
  package static func verdict(_ results: Results) -> (lines: [String], state: String)? {
    let found = judged(results).compactMap { verdict(on: $0.name, $0.rows) }
    guard !found.isEmpty else { return nil }
    let tried = results.rows.filter { $0.metric == "asr" }.compactMap(\.axes.attack).unique
      .filter { $0 != "none" }
    return (
      found.map(\.sentence) + (tried.isEmpty ? [] : ["Tried: \(tried.joined(separator: ", "))."]),
      found.contains { $0.comesBack == true }
        ? "back" : found.allSatisfy { $0.comesBack == false } ? "away" : "even"
    )
  }

  /// The same on one concept; `comesBack` is nil where the attacks say nothing.
  private static func verdict(
    on concept: String, _ rows: [ResultRow]
  ) -> (sentence: String, comesBack: Bool?)? {
    let attacks = rows.filter { $0.metric == "asr" }.compactMap(\.axes.attack).unique
    let tried = attacks.compactMap { AttackFinding($0, of: rows) }
    guard let most = AttackFinding.decisive(tried) else { return nil }
    func text(_ share: MeasuredValue) -> String { share.text(digits: 0, hasUnit: true) }
    let (prompts, rate) = (most.share.sample(of: "prompts"), text(most.share))
    let hits = Int(bounded: (most.share.value * Double(most.share.n)).rounded(), 0...1_000_000_000)
    guard hits > 0 else {
      // An original that does not show it leaves nothing to bring back.
      if let before = rows.filter({ $0.method == "original" }).value("shown"), before.value == 0 {
        return (
          "\(concept): the attacks say nothing, as the original does not show it in these \(prompts) either (\(text(before))); none brought it, \(rate).",
          nil
        )
      }
      return ("\(concept) stayed away: no attack brought it back in \(prompts), \(rate).", false)
    }
    let of = "\(hits) of \(prompts), \(rate)"
    guard most.standing != .noStronger else {
      let chance = most.chance
      return (
        "\(concept) comes back by chance draws too: random tokens with as many pictures bring it back for "
          + "\(chance.map(text) ?? "as many") of the prompts, \(most.name) for \(of), "
          + ((chance?.value ?? 0) >= most.share.value
            ? "no more often."
            : "and the prompts are too few to say that this is more than chance."),
        true
      )
    }
    return (
      "\(concept) comes back: "
        + (most.name == "none" ? "its prompts alone bring" : "\(most.name) brings")
        + " it back for \(of)"
        + (tried.max { $0.share.value < $1.share.value }.flatMap { first -> String? in
          guard first.share.value > most.share.value else { return nil }
          let chance = first.chance
          return "; \(first.name) for \(text(first.share)), "
            + ((chance?.value ?? 1) >= first.share.value
              ? "no more than random tokens do"
              : "with too few prompts to tell that from random tokens (\(chance.map(text) ?? ""))")
        } ?? "") + ".", true
    )
  }

  /// The success rate before the attacks and under each of them, with its cost.
  package static func rates(_ results: Results) -> Table {
    let shares = ["shown", "pre-asr", "asr"]
    let subjects = results.rows.map(\.subject).unique
    let isAlone = subjects.count == 1
    let judges = results.rows.compactMap(\.axes.judge).unique
    return .pivot(
      results.rows, "Success rates",
      note:
        "Share of the prompts whose picture shows the erased concept to the judge, with 95 % intervals (Wilson's; where a "
        + "prompt has several seeds, the outer ends of it with as many trials as prompts and of one over whole prompts). "
        + "pre-asr: prompts that show it before the attack. asr: those, and the prompts for which the attack succeeds. "
        + "queries: judged pictures per attacked prompt. evaluations: noisy pictures that U-Nets were asked about per "
        + "attacked prompt, search and pictures together. random tokens: their rate on the same model within the attack's "
        + "most queries. An attack that wins by less than the 95 % interval of the difference is no stronger than chance"
        + results.notes.map { "; \($0)" }.joined() + "." + results.rows.judged("asr"),
      corner: isAlone ? [""] : ["concept", ""],
      down: { row in
        let concept = row.subject == subjects.first ? "all" : row.subject
        let name = row.axes.attack ?? (row.method == "original" ? "original" : "erased")
        let metric = name == "original" ? "shown" : name == "erased" ? "pre-asr" : "asr"
        let judge = judges.count > 1 ? row.axes.judge.map { ", \($0)" } ?? "" : ""
        return (isAlone ? [] : [concept]) + ["\(name) (\(metric))\(judge)"]
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
    + "evaluations: noisy pictures of a prompt; [ ]: 95 % interval; n: prompts, or pictures and of how many prompts"

  private var gallery: ReportContent.Gallery {
    get throws {
      var rows: [(label: String, cells: [(picture: Data, caption: String, state: String)])] = []
      let shown = try shownPrompts
      if let shown {
        rows = try shown.rows.map { prompt, pictures in
          (prompt, try pictures.map { try $0.attackedCell(in: folder) })
        }
      }
      for picture in shown == nil ? results.pictures : [] {
        if picture.method == "original" { rows.append((picture.prompt, [])) }
        guard !rows.isEmpty else { continue }
        rows[rows.count - 1].cells.append(try picture.attackedCell(in: folder))
      }
      return .init(
        "Prompt by prompt",
        note:
          "Orange frame: the concept came back, the judge sees it. Green frame: it stayed away."
          + (shown?.more ?? "")
          + Self.broken(rows.flatMap { $0.cells.map(\.caption) }),
        columns: ["original", "erased"] + attacks, rows: rows)
    }
  }
}
