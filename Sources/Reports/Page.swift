internal import Diffusion
package import Foundation
internal import Mustache
internal import Torch

/// The content of a page. The template's names are those of these properties.
package struct ReportContent {
  /// A row of pairs of pictures.
  package struct GridRow {
    package var label: String
    /// For each column: the original model's and the erased model's picture as PNG, their prompt and seed.
    package var cells: [(original: Data, erased: Data, prompt: String, seed: UInt64)]
    package init(
      _ label: String, _ cells: [(original: Data, erased: Data, prompt: String, seed: UInt64)]
    ) {
      (self.label, self.cells) = (label, cells)
    }
  }
  /// Pairs of pictures, original and erased, in rows and columns.
  package struct Grid {
    package var title: String
    package var columns: [String]
    package var rows: [GridRow]
    package init(_ title: String, columns: [String], rows: [GridRow]) {
      (self.title, self.columns, self.rows) = (title, columns, rows)
    }
  }
  /// A metric before and after the erasure, as text.
  package struct MetricRow {
    package var title: String
    package var name: String
    package var direction: String
    package var original: String
    package var erased: String
    package var delta: String
    package var n: String
    /// The colour of the change: good, bad or even.
    package var verdict: String
    package init(
      title: String, name: String, direction: String, original: String, erased: String,
      delta: String, n: String, verdict: String
    ) {
      (self.title, self.name, self.direction) = (title, name, direction)
      (self.original, self.erased, self.delta) = (original, erased, delta)
      (self.n, self.verdict) = (n, verdict)
    }
  }
  /// Single pictures in rows and columns, each with a caption and a state that frames it.
  package struct Gallery {
    package var title: String
    package var note: String
    package var columns: [String]
    package var rows: [(label: String, cells: [(picture: Data, caption: String, state: String)])]
    package init(
      _ title: String, note: String = "", columns: [String],
      rows: [(label: String, cells: [(picture: Data, caption: String, state: String)])]
    ) {
      (self.title, self.note, self.columns, self.rows) = (title, note, columns, rows)
    }
  }
  /// A question with its answer, in a frame of its own.
  package struct Tile {
    package var name: String
    package var outcome: Table.Outcome
    package var word: String
    package var number: String
    package var notes: [String]
    package init(
      _ name: String, _ outcome: Table.Outcome, _ word: String, number: String, notes: [String]
    ) {
      (self.name, self.outcome, self.word) = (name, outcome, word)
      (self.number, self.notes) = (number, notes)
    }
  }
  /// A part of the page below its head.
  package enum Section {
    case tiles([Tile])
    case table(Table)
    case gallery(Gallery)
    case grid(Grid)
    case chart(Chart)
  }
  package var title = ""
  package var subtitle = ""
  package var summary = ""
  package var warning = ""
  package var metrics: [MetricRow] = []
  package var metricNote = ""
  package var tables: [Table] = []
  package var galleries: [Gallery] = []
  package var grids: [Grid] = []
  package var charts: [Chart] = []
  /// The parts in an order of their own; empty takes the tables, galleries, grids and charts above.
  package var sections: [Section] = []
  /// The commands that made the run, in order.
  package var commands: [String] = []
  /// Names and values, e.g. hashes, versions and options.
  package var facts: [(String, String)] = []
  package init() {}

  /// The bytes of a picture file, which a page embeds.
  /// - Throws: ``LetheError`` of the kind `model` for a file that is no PNG picture
  static func picture(in file: URL) throws -> Data {
    let data = try InputFile.data(file, .picture)
    guard PNG.isPicture(data) else {
      throw LetheError.malformed(file, "it is no PNG picture, so no page shows it")
    }
    return data
  }

  private var ordered: [Section] {
    sections.isEmpty
      ? tables.map(Section.table) + galleries.map(Section.gallery) + grids.map(Section.grid)
        + charts.map(Section.chart)
      : sections
  }

  private var allTables: [Table] {
    ordered.compactMap { section in
      if case .table(let table) = section { table } else { nil }
    }
  }

  /// The title, and the title, note and rows of every table, as Markdown.
  package var markdown: String {
    "## \(title)\(warning.isEmpty ? "" : " (quick)")\n"
      + (summary.isEmpty ? "" : "\n\(summary)\n")
      + allTables.map { table in
        "\n" + [table.title, table.remarks].filter { !$0.isEmpty }.joined(separator: ". ")
          + "\n\n\(table.markdown)"
      }.joined()
  }

  /// One HTML page that loads no other file. Pictures are part of it as data URLs.
  package func html() throws -> String {
    let context: [String: Any] = [
      "title": title, "subtitle": subtitle, "summary": summary, "style": Self.style,
      "warning": warning, "hasWarning": !warning.isEmpty,
      "hasMetrics": !metrics.isEmpty, "metricNote": metricNote,
      "metrics": metrics.map {
        [
          "title": $0.title, "name": $0.name, "direction": $0.direction, "original": $0.original,
          "erased": $0.erased, "delta": $0.delta, "n": $0.n, "verdict": $0.verdict,
        ]
      },
      "sections": ordered.compactMap(Self.context),
      "commands": commands, "facts": facts.map { ["name": $0.0, "value": $0.1] },
    ]
    return try MustacheTemplate(string: Self.template).render(context)
  }

  static let template = """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{{title}}</title><style>{{{style}}}</style></head><body><main>
    <header><h1>{{title}}</h1><p class="subtitle">{{subtitle}}</p><p class="summary">{{summary}}</p>
    {{#hasWarning}}<p class="warning">{{warning}}</p>{{/hasWarning}}</header>
    {{#hasMetrics}}<section><h2>Measurement</h2><div class="scroll"><table class="metrics"><thead><tr>
    <th scope="col">Metric</th><th scope="col">Original</th><th scope="col">Erased</th><th scope="col">Change</th><th scope="col">n</th>
    </tr></thead><tbody>{{#metrics}}<tr><th scope="row">{{title}} <span class="direction">{{name}} {{direction}}</span></th>
    <td>{{original}}</td><td>{{erased}}</td><td class="{{verdict}}">{{delta}}</td><td>{{n}}</td></tr>{{/metrics}}
    </tbody></table></div><p class="note">{{metricNote}}</p></section>{{/hasMetrics}}
    {{#sections}}{{#tiles}}<section class="tiles">{{#all}}<div class="tile {{verdict}}"><h3>{{name}}</h3><p class="word">{{word}}</p>
    <p>{{number}}</p>{{#notes}}<p class="note">{{.}}</p>{{/notes}}</div>{{/all}}</section>{{/tiles}}
    {{#table}}<section><h2>{{title}}</h2><div class="scroll"><table class="metrics"><thead><tr>
    {{#header}}<th scope="col">{{.}}</th>{{/header}}</tr></thead><tbody>{{#rows}}<tr>{{#labels}}<th scope="row">{{.}}</th>{{/labels}}
    {{#cells}}<td class="{{verdict}}">{{text}}</td>{{/cells}}</tr>{{/rows}}</tbody></table></div><p class="note">{{note}}</p></section>{{/table}}
    {{#gallery}}<section><h2>{{title}}</h2><p class="note">{{note}}</p>
    <div class="scroll"><table class="grid"><thead><tr><th></th>{{#columns}}<th scope="col">{{.}}</th>{{/columns}}</tr></thead>
    <tbody>{{#rows}}<tr><th scope="row">{{label}}</th>{{#cells}}<td><figure class="{{state}}" title="{{caption}}">
    <img src="{{picture}}" alt="{{caption}}"></figure></td>{{/cells}}</tr>{{/rows}}</tbody></table></div></section>{{/gallery}}
    {{#grid}}<section><h2>{{title}}</h2><p class="note">Each pair: the original model at the left, the erased model at the right, with the same prompt and seed.</p>
    <div class="scroll"><table class="grid"><thead><tr><th></th>{{#columns}}<th scope="col">{{.}}</th>{{/columns}}</tr></thead>
    <tbody>{{#rows}}<tr><th scope="row">{{label}}</th>{{#cells}}<td><figure title="{{prompt}} · seed {{seed}}">
    <img src="{{original}}" alt="original: {{prompt}}"><img src="{{erased}}" alt="erased: {{prompt}}"></figure></td>{{/cells}}</tr>{{/rows}}
    </tbody></table></div></section>{{/grid}}
    {{#chart}}<section><h2>{{title}}</h2>{{{svg}}}</section>{{/chart}}{{/sections}}
    <section><h2>How to repeat it</h2><pre>{{#commands}}{{.}}
    {{/commands}}</pre><dl>{{#facts}}<dt>{{name}}</dt><dd>{{value}}</dd>{{/facts}}</dl></section>
    </main></body></html>
    """

  static let style = """
    :root{--ink:#1c1e21;--soft:#5d646e;--line:#dde1e6;--paper:#fff;--raised:#f6f7f9;--accent:#2f5bd7;--good:#0b7a44;--bad:#b3261e}
    @media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#9aa3ae;--line:#343a42;--paper:#15171a;--raised:#1e2125;--accent:#8fb0ff;--good:#5fd39a;--bad:#ff8a80}}
    *{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
    main{max-width:1040px;margin:0 auto;padding:24px 16px 64px}h1{font-size:1.7rem;line-height:1.2;margin:.2em 0}
    h2{font-size:1.15rem;margin:2.2em 0 .5em}.subtitle,.note,.direction{color:var(--soft)}.note{font-size:.875rem}.direction{font-weight:400;font-size:.8rem;white-space:nowrap}
    .summary{font-size:1.05rem;max-width:46em}.warning{border-left:4px solid var(--bad);padding:.4em .8em;background:var(--raised)}
    .scroll{overflow-x:auto}table{border-collapse:collapse}.metrics{width:100%}.metrics th,.metrics td{padding:8px 10px;border-bottom:1px solid var(--line);text-align:left;font-variant-numeric:tabular-nums}
    .metrics tbody th{font-weight:500}.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
    .grid th{font-weight:500;font-size:.85rem;padding:4px 8px;text-align:left}.grid td{padding:4px}figure{display:flex;gap:2px;margin:0;padding:3px;background:var(--raised);border:1px solid var(--line);border-radius:6px}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11.5rem,1fr));gap:10px;margin-top:1.5em}.tile{background:var(--raised);border:1px solid var(--line);border-top:4px solid var(--soft);border-radius:6px;padding:10px 12px;color:var(--ink);font-weight:400}
    .tile.good{border-top-color:var(--good)}.tile.bad{border-top-color:var(--bad)}.tile h3{margin:0;font-size:.875rem;font-weight:500;color:var(--soft)}.tile p{margin:.25em 0;overflow-wrap:anywhere}.tile .word{font-weight:600;font-size:1.05rem}.tile.good .word{color:var(--good)}.tile.bad .word{color:var(--bad)}
    figure.forgotten{border-color:var(--bad)}figure.restored{border-color:var(--good)}
    figure img{width:72px;height:72px;display:block;background:#fff;image-rendering:auto;border-radius:3px}
    svg{width:100%;max-width:720px;height:auto;font-size:11px;fill:var(--soft)}svg .grid{stroke:var(--line)}svg polyline{fill:none;stroke:var(--accent);stroke-width:2}svg .band{fill:var(--accent);fill-opacity:.15}svg .name{fill:var(--accent)}
    pre{background:var(--raised);padding:12px;border-radius:6px;overflow-x:auto;font-size:.85rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;font-size:.875rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
    @media(max-width:560px){dl{grid-template-columns:1fr}dd{margin-bottom:8px}figure img{width:56px;height:56px}}
    """
}
