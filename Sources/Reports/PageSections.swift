internal import Foundation

extension ReportContent {
  /// Words of more characters than this break into lines; an interval has fewer, and never does.
  private static let longest = 40

  static func context(of table: Table) -> [String: Any] {
    func words(_ text: String) -> [String: Any] {
      ["text": text, "isLong": text.count > longest]
    }
    return [
      "title": table.title, "note": table.remarks, "header": table.header,
      "rows": table.rows.map { row -> [String: Any] in
        [
          "labels": row.labels.map(words),
          "cells": row.cells.map { cell in
            words(cell.text).merging(["verdict": cell.outcome.rawValue]) { $1 }
          },
        ]
      },
    ]
  }

  /// A section under the name that the template has for its form.
  static func context(_ section: Section) -> [String: Any]? {
    func picture(_ data: Data) -> String { "data:image/png;base64," + data.base64EncodedString() }
    switch section {
    case .tiles(let tiles):
      let all = tiles.map { tile -> [String: Any] in
        [
          "name": tile.name, "verdict": tile.outcome.rawValue, "word": tile.word,
          "number": tile.number, "notes": tile.notes,
        ]
      }
      return ["tiles": ["all": all]]
    case .table(let table):
      return ["table": context(of: table)]
    case .gallery(let gallery):
      let rows = gallery.rows.map { row -> [String: Any] in
        [
          "label": row.label,
          "cells": row.cells.map {
            ["picture": picture($0.picture), "caption": $0.caption, "state": $0.state]
          },
        ]
      }
      return [
        "gallery": [
          "title": gallery.title, "note": gallery.note, "columns": gallery.columns, "rows": rows,
        ] as [String: Any]
      ]
    case .grid(let grid):
      let rows = grid.rows.map { row -> [String: Any] in
        [
          "label": row.label,
          "cells": row.cells.map {
            [
              "original": picture($0.original), "erased": picture($0.erased), "prompt": $0.prompt,
              "seed": "\($0.seed)",
            ]
          },
        ]
      }
      return [
        "grid": ["title": grid.title, "columns": grid.columns, "rows": rows] as [String: Any]
      ]
    case .chart(let chart):
      return chart.svg.isEmpty ? nil : ["chart": ["title": chart.title, "svg": chart.svg]]
    }
  }
}
