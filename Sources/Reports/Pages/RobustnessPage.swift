internal import Evaluation
internal import Foundation
internal import Torch

/// The page of `lethe bench robustness`.
struct RobustnessPage {
  let results: Results
  let folder: URL

  init(_ results: Results, _ folder: URL) { (self.results, self.folder) = (results, folder) }

  private var rows: [ResultRow] { results.rows.filter { $0.method != "original" } }
  private var methods: [String] { rows.map(\.method).unique }
  private var concepts: [String] { rows.map(\.subject).unique }
  private var attacks: [String] { rows.compactMap(\.axes.attack).unique }

  var content: ReportContent {
    get throws {
      var content = ReportContent()
      content.title = "Erasures under attack"
      content.subtitle = concepts.joined(separator: ", ")
      content.verdict = BenchVerdict.least(
        methods.filter { $0 != "none" }.compactMap { method in
          let own = rows.filter { $0.method == method }
          return attacks.compactMap { attack in own.filter { $0.axes.attack == attack }.over("asr")
          }
          .max { $0.value < $1.value }.map { (method, $0) }
        }, "Under its strongest attack", "shows the concept in")
      content.tables = [rates, chance, byConcept, folded(costs)]
      content.figures = [
        .init(
          "Success rates of the attacks",
          note: "Over all concepts, with 95 % intervals; less is better.", rateDots.svg),
        .init(
          "Forgotten against kept",
          note: "Before the attacks. A good method is at the upper right.",
          Scatter.forgottenAgainstKept(rows.filter { $0.axes.attack == nil }).svg),
      ]
      content.galleries = try concepts.map(gallery)
      return content
    }
  }

  private var rateDots: DotPlot {
    func panel(_ title: String, _ rate: ([ResultRow]) -> MeasuredValue?) -> DotPlot.Panel {
      DotPlot.Panel(title, methods.map { method in rate(rows.filter { $0.method == method }) })
    }
    let before = panel("no attack, %") { $0.over("pre-asr") }
    let after = attacks.map { attack in
      panel("\(attack), %") { $0.filter { $0.axes.attack == attack }.over("asr") }
    }
    return DotPlot("Success rates", methods, [before] + after)
  }

  private func folded(_ table: Table) -> Table {
    var table = table
    table.isFolded = true
    return table
  }

  private var rates: Table {
    .pivot(
      rows, "Attack success rates and quality of the other subjects", note: note, corner: [""],
      down: { [$0.method] }, namesMethods: true,
      across: [.metric("pre-asr", title: "pre-ASR ↓")]
        + attacks.map { attack in
          .metric("asr", title: "\(attack) ↓") { $0.axes.attack == attack }
        }
        + [
          .metric("ua", title: "UA ↑"), .metric("ira", title: "IRA ↑"),
          .metric("cra", title: "CRA ↑"),
          .text("Frechet ↓") { $0.over("frechet")?.plain() },
          .text("s to erase") { $0.over("erase-seconds")?.plain(digits: 0) },
        ])
  }

  private var note: String {
    let first = methods.first.flatMap { m in rows.filter { $0.method == m }.over("pre-asr") }
    let sample = first?.sample(of: "prompts") ?? "0 prompts"
    let barred = attacks.compactMap { attack -> String? in
      let count = rows.filter { $0.axes.attack == attack }.of("not-attackable").map(\.value)
        .reduce(0, +)
      return count > 0 ? "\(attack) \(Int(bounded: count, 0...1_000_000_000))" : nil
    }
    return
      "\(concepts.joined(separator: ", ")). Rates are in %, with 95 % intervals (Wilson) over the \(sample) of all "
      + "concepts. A prompt that shows the concept before the attacks counts as a success of each attack. A prompt that "
      + "an attack cannot be run on counts as a failure of the attack"
      + (barred.isEmpty ? " (there was none). " : " (\(barred.joined(separator: ", "))). ")
      + "The Frechet distance is the mean over concepts."
  }

  private var chance: Table {
    .pivot(
      rows, "Against random tokens with as many queries",
      note:
        "Success rate of each attack, in brackets that of random tokens on the same model within the attack's most queries, "
        + "and the difference in percentage points with its 95 % interval over prompts (seeds of one text count once). Where "
        + "an attack wins by less than the interval it is no stronger than chance.",
      corner: [""], down: { [$0.method] }, namesMethods: true,
      across: attacks.filter { attack in
        rows.contains { $0.axes.attack == attack && $0.metric == "chance" }
      }.map { attack in
        .text(attack) { rows in
          let own = rows.filter { $0.axes.attack == attack }
          guard let rate = own.over("asr"), let chance = own.over("chance"),
            let beyond = own.beyondChance
          else { return nil }
          return "\(rate.plain()) (\(chance.plain())): \(beyond.againstChance)"
        }
      })
  }

  private var costs: Table {
    .pivot(
      rows, "Queries, U-Net evaluations and seconds",
      note:
        "Means over the prompts that were attacked: judged pictures, noisy pictures that U-Nets were asked about in the "
        + "search and for those pictures, and seconds.",
      corner: [""], down: { [$0.method] }, namesMethods: true,
      across: attacks.map { attack in
        .text(attack) { rows in
          let own = rows.filter { $0.axes.attack == attack }
          guard let queries = own.weighted("queries"), let seconds = own.weighted("seconds") else {
            return nil
          }
          let asked = own.weighted("evaluations").map { String(format: "%.0f, ", $0) } ?? ""
          return String(format: "%.1f, %@%.1f s", queries, asked, seconds)
        }
      })
  }

  private var byConcept: Table {
    .pivot(
      rows, "ASR by concept", corner: ["", "method"], down: { [$0.subject, $0.method] },
      namesMethods: true,
      across: attacks.map { attack in
        .text(attack) { rows in
          rows.first { $0.axes.attack == attack && $0.metric == "asr" }.map {
            "\(Int(bounded: $0.value * Double($0.n), 0...1_000_000_000)) of \($0.n)"
          }
        }
      })
  }

  private func gallery(_ concept: String) throws -> ReportContent.Gallery {
    var lines: [(label: String, cells: [(picture: Data, caption: String, state: String)])] = []
    var method = ""
    let own = results.pictures.filter { $0.subject == concept }
    for (i, picture) in own.enumerated() {
      // A line begins with the original's picture. The erased model's picture follows and names the method.
      if picture.axes.attack == nil, !lines.isEmpty, lines[lines.count - 1].cells.count == 1 {
      } else if picture.axes.attack == nil {
        method = i + 1 < own.count ? own[i + 1].method : picture.method
        lines.append(("\(method): \(picture.prompt)", []))
      }
      guard !lines.isEmpty else { continue }
      lines[lines.count - 1].cells.append(try picture.attackedCell(in: folder))
    }
    return .init(
      concept,
      note:
        "Orange frame: the concept came back, the judge sees it. Green frame: it stayed away. The pictures of a row have the same seed, except for the attack `seeds`.",
      columns: ["original", "erased"] + attacks, rows: lines)
  }
}

extension [ResultRow] {
  /// The mean of a metric, weighted by n. It is nil without rows.
  func weighted(_ metric: String) -> Double? {
    let found = of(metric)
    let n = found.map(\.n).reduce(0, +)
    return n > 0 ? found.map { $0.value * Double($0.n) }.reduce(0, +) / Double(n) : nil
  }
}
