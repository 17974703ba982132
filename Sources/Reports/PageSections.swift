internal import Foundation

extension ReportContent {
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
      let rows = table.rows.map { row -> [String: Any] in
        [
          "labels": row.labels,
          "cells": row.cells.map { ["text": $0.text, "verdict": $0.outcome.rawValue] },
        ]
      }
      return [
        "table": [
          "title": table.title, "note": table.remarks, "header": table.header, "rows": rows,
        ] as [String: Any]
      ]
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
