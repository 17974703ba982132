package import Evaluation
internal import Torch

/// A table of results, with one renderer each for the page, Markdown, CSV and the terminal.
public struct Table {
  /// The colour of a cell.
  package enum Outcome: String, Sendable { case good, bad, even }

  /// Text and its colour.
  package struct Cell: Sendable {
    package var text: String
    package var outcome: Outcome
    package init(_ text: String, _ outcome: Outcome = .even) {
      (self.text, self.outcome) = (text, outcome)
    }
  }
  /// An erasure that a row is of, by the label of its results.
  package struct Key: Sendable, Hashable {
    package var label: RowLabel
    /// nil for all subjects together.
    package var subject: String?
    package init(_ label: RowLabel, of subject: String? = nil) {
      (self.label, self.subject) = (label, subject)
    }

    init(_ row: ResultRow) {
      self.init(row.label, of: row.subject == ResultRow.allSubjects ? nil : row.subject)
    }
  }
  /// A line of the table.
  package struct Row: Sendable {
    /// The first cells, which name the row. The first titles of the header are theirs.
    package var labels: [String]
    package var cells: [Cell]
    /// The erasures that the last label names. None where the labels name no method.
    package var keys: [Key]
    package init(_ labels: [String], _ cells: [Cell], of keys: [Key] = []) {
      (self.labels, self.cells, self.keys) = (labels, cells, keys)
    }
  }
  /// A column of a pivoted table: its title, and the function from a line's rows to the cell.
  package struct Column {
    /// The heading.
    package var title: String
    package var cell: ([ResultRow]) -> Cell

    package init(_ title: String, _ cell: @escaping ([ResultRow]) -> Cell) {
      (self.title, self.cell) = (title, cell)
    }

    /// A column of text. Nil is an empty cell.
    package static func text(
      _ title: String, _ text: @escaping ([ResultRow]) -> String?
    ) -> Column {
      Column(title) { Cell(text($0) ?? "") }
    }

    /// A metric over all rows of a line, with its interval.
    /// - Parameters:
    ///   - digits: digits after the point; nil takes the unit's
    ///   - hasUnit: whether a share is followed by %
    ///   - rows: the condition for a row to count
    package static func metric(
      _ name: String, title: String, digits: Int? = nil, hasUnit: Bool = false,
      where rows: @escaping (ResultRow) -> Bool = { _ in true }
    ) -> Column {
      .text(title) {
        $0.filter(rows).over(name)?.text(digits: digits, hasUnit: hasUnit)
      }
    }
  }

  /// The heading.
  public var title: String
  /// The sentence below the heading; empty for none.
  public var note: String
  /// Whether a page shows the title alone until it is opened.
  package var isFolded = false
  /// The method of all rows, where their labels name none.
  package var about: String?
  /// Sentences on rows that are marked with †.
  package var marks = ""
  /// The titles of the columns. Those of the labels come first.
  public var header: [String]
  package var rows: [Row]

  package init(_ title: String, note: String = "", header: [String], rows: [Row]) {
    (self.title, self.note, self.header, self.rows) = (title, note, header, rows)
  }

  /// Rows of results as a table. Rows that share labels make a line, in order of appearance.
  /// - Parameters:
  ///   - corner: the titles of the labels
  ///   - down: the labels of a row; nil leaves the row out
  ///   - namesMethods: whether the last label names the row's method
  ///   - across: the columns
  package static func pivot(
    _ rows: [ResultRow], _ title: String, note: String = "", corner: [String],
    down: (ResultRow) -> [String]?, namesMethods: Bool = false, across: [Column]
  ) -> Table {
    var lines: [[String]: [ResultRow]] = [:]
    for row in rows {
      guard let labels = down(row) else { continue }
      lines[labels, default: []].append(row)
    }
    return Table(
      title, note: note, header: corner + across.map(\.title),
      rows: rows.compactMap(down).unique.map { labels in
        let own = lines[labels] ?? []
        return Row(
          labels, across.map { $0.cell(own) }, of: namesMethods ? own.map(Key.init).unique : [])
      })
  }

  /// Things as a table, a line each.
  /// - Parameters:
  ///   - corner: the title and the text of each label
  ///   - across: the title and the cell of each column
  ///   - keys: the erasures that the last label of a line names
  package static func list<Thing>(
    _ things: [Thing], _ title: String = "", note: String = "",
    corner: [(title: String, text: (Thing) -> String)],
    across: [(title: String, cell: (Thing) -> Cell)], of keys: (Thing) -> [Key] = { _ in [] }
  ) -> Table {
    Table(
      title, note: note, header: corner.map(\.title) + across.map(\.title),
      rows: things.map { thing in
        Row(corner.map { $0.text(thing) }, across.map { $0.cell(thing) }, of: keys(thing))
      })
  }

  // MARK: - As text

  /// Note and marks.
  package var remarks: String { [note, marks].filter { !$0.isEmpty }.joined(separator: " ") }

  private var texts: [[String]] { rows.map { $0.labels + $0.cells.map(\.text) } }

  /// Header and rows, without title and note.
  public var markdown: String {
    func line(_ cells: [String]) -> String {
      let escaped = cells.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") }
      return "| " + escaped.joined(separator: " | ") + " |\n"
    }
    return line(header) + line(header.map { _ in "---" }) + texts.map(line).joined()
  }

  /// Header and rows as CSV (RFC 4180).
  public var csv: String {
    func field(_ text: String) -> String {
      text.contains(where: { ",\"\n\r".contains($0) })
        ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
    return ([header] + texts).map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
  }

  /// Header and rows in columns of equal width, for a terminal. A header without any title is left out.
  public var plain: String {
    plainRows.map { $0 + "\n" }.joined() + (marks.isEmpty ? "" : "\n\(marks)\n")
  }

  /// The header, if it has a title, and the rows of ``plain``. The lines of one cell stand below each other.
  package var plainRows: [String] {
    let all = ((header.allSatisfy(\.isEmpty) ? [] : [header]) + texts).map { row in
      row.map { cell in
        cell.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).printable() }
      }
    }
    let widths = header.indices.map { i in
      all.flatMap { i < $0.count ? $0[i].map(\.count) : [] }.max() ?? 0
    }
    return all.map { row in
      (0..<(row.map(\.count).max() ?? 0)).map { line in
        zip(row, widths).map { cell, width in
          let text = line < cell.count ? cell[line] : ""
          return text + String(repeating: " ", count: max(0, width - text.count))
        }.joined(separator: "  ").trimmingSuffix(" ")
      }.joined(separator: "\n")
    }
  }
}

extension String {
  fileprivate func trimmingSuffix(_ character: Character) -> String {
    String(self[..<(lastIndex { $0 != character }.map(index(after:)) ?? startIndex)])
  }
}
