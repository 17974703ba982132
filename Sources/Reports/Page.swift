internal import Diffusion
internal import Foundation
internal import Mustache
internal import Torch

/// The content of a page. The template's names are those of these properties.
package struct ReportContent {
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
  /// The finding, in a word with its numbers, and the colour of it: away, back, hurt or even.
  package var verdict: (sentence: String, state: String)?
  /// Sentences at the top on what the page does not show: a run that was not evaluated, a benchmark that goes on.
  package var notices: [String] = []
  package var figures: [Figure] = []
  package var cards: [Cards] = []
  /// Definitions of the measures, in sentences.
  package var definitions: [String] = []
  /// Files beside the page: names of links and places relative to it.
  package var links: [(name: String, place: String)] = []
  package var summary = ""
  package var warning = ""
  /// Whether the results are of a reduced run.
  package var isQuick = false
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
    "## \(title)\(isQuick ? " (quick)" : "")\n"
      + notices.map { "\n\($0)\n" }.joined()
      + (verdict.map { "\n\($0.sentence)\n" } ?? "")
      + (summary.isEmpty ? "" : "\n\(summary)\n")
      + allTables.map { table in
        "\n" + [table.title, table.remarks].filter { !$0.isEmpty }.joined(separator: ". ")
          + "\n\n\(table.markdown)"
      }.joined()
  }

  /// One HTML page that loads no other file. Pictures are part of it as data URLs.
  package func html() throws -> String {
    func picture(_ data: Data) -> String { "data:image/png;base64," + data.base64EncodedString() }
    let folded = tables.filter(\.isFolded)
    var context: [String: Any] = [
      "hasVerdict": verdict != nil, "verdict": verdict?.sentence ?? "",
      "state": verdict?.state ?? "", "notices": notices,
      "hasDefinitions": !definitions.isEmpty, "definitions": definitions,
      "hasLinks": !links.isEmpty, "links": links.map { ["name": $0.name, "place": $0.place] },
      "hasFolded": !folded.isEmpty, "hasCommands": !commands.isEmpty,
      "figures": figures.filter { !$0.svg.isEmpty }
        .map { ["title": $0.title, "note": $0.note, "svg": $0.svg] },
    ]
    context["cards"] = cards.map { group -> [String: Any] in
      func card(_ card: Cards.Card) -> [String: Any] {
        [
          "pictures": card.pictures.map { ["data": picture($0.data), "alt": $0.alt] },
          "text": card.text, "detail": card.detail,
          "state": card.state, "hasLink": card.link != nil, "linkName": card.link?.name ?? "",
          "linkPlace": card.link?.place ?? "",
        ]
      }
      let rest = group.cards.dropFirst(Cards.open)
      return [
        "title": group.title, "note": group.note, "first": group.cards.prefix(Cards.open).map(card),
        "rest": rest.map(card), "hasRest": !rest.isEmpty, "count": "\(rest.count)",
      ]
    }
    // A page of sections has them in its own order.
    let isOrdered = !sections.isEmpty
    context["sections"] = sections.compactMap(Self.context)
    context["tables"] = isOrdered ? [] : tables.filter { !$0.isFolded }.map(Self.context(of:))
    context["folded"] = isOrdered ? [] : folded.map(Self.context(of:))
    context.merge(
      [
        "title": title, "subtitle": subtitle, "summary": summary, "style": Self.style,
        "warning": warning, "hasWarning": !warning.isEmpty,
        "hasMetrics": !metrics.isEmpty, "metricNote": metricNote,
        "metrics": metrics.map {
          [
            "title": $0.title, "name": $0.name, "direction": $0.direction, "original": $0.original,
            "erased": $0.erased, "delta": $0.delta, "n": $0.n, "verdict": $0.verdict,
          ]
        },
        "grids": grids.map { grid -> [String: Any] in
          [
            "title": grid.title, "columns": grid.columns,
            "rows": grid.rows.map { row -> [String: Any] in
              [
                "label": row.label,
                "cells": row.cells.map {
                  [
                    "original": picture($0.original), "erased": picture($0.erased),
                    "prompt": $0.prompt, "seed": "\($0.seed)",
                  ]
                },
              ]
            },
          ]
        },
        "galleries": galleries.map(Self.context(of:)),
        "charts": charts.filter { !$0.svg.isEmpty }.map { ["title": $0.title, "svg": $0.svg] },
        "commands": commands, "facts": facts.map { ["name": $0.0, "value": $0.1] },
      ] as [String: Any]
    ) { $1 }
    let html = try MustacheTemplate(string: Self.template).render(context)
    // Names and prompts from files come with what steers a terminal.
    let steers = html.utf8.contains { $0 < 32 && $0 != 9 && $0 != 10 || $0 == 127 }
    return steers ? html.printable(hasLines: true) : html
  }
}
