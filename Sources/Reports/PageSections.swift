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

  /// A picture in words says whose it is: the column's name comes before the caption, which is often that of its
  /// neighbour.
  static func context(of gallery: Gallery) -> [String: Any] {
    [
      "title": gallery.title, "note": gallery.note, "columns": gallery.columns,
      "rows": gallery.rows.map { row -> [String: Any] in
        [
          "label": row.label,
          "cells": row.cells.enumerated().map { i, cell in
            let place = [
              gallery.columns.indices.contains(i) ? gallery.columns[i] : "",
              cell.caption.contains(row.label) ? "" : row.label,
            ].filter { !$0.isEmpty }.joined(separator: ", ")
            return [
              "picture": "data:image/png;base64," + cell.picture.base64EncodedString(),
              "caption": cell.caption, "state": cell.state,
              "alt": [place, cell.caption].filter { !$0.isEmpty }.joined(separator: ": "),
            ]
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
      return ["gallery": context(of: gallery)]
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
