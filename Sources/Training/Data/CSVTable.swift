// A CSV file with a header, for tables with columns of their own.
package import Foundation
internal import Torch

/// The header and the rows of a CSV file; every row has as many fields as the header.
package struct CSVTable: Sendable {
  /// Names of columns in lower case.
  package let header: [String]
  package let rows: [[String]]

  /// - Throws: ``LetheError`` of the kind `model` for a file that cannot be read, has no header, an open quote, or rows
  ///   of another length
  package init(contentsOf file: URL) throws {
    let text = try InputFile.text(file)
    let table: CSV
    do { table = try CSV(text) } catch let error as CSV.Unterminated {
      throw LetheError.wrong(
        file,
        "line \(error.line): a quote is opened and never closed; accepted: \"TEXT\", with \"\" for a quote within"
      )
    }
    guard let first = table.rows.first else {
      throw LetheError.wrong(file, "it has no rows; accepted: a header and a row for each entry")
    }
    header = first.fields.map { $0.lowercased().trimmingCharacters(in: .whitespaces) }
    rows = try table.rows.dropFirst().map { [header] row in
      guard row.fields.count == header.count else {
        throw LetheError.wrong(
          file,
          "line \(row.line): \(row.fields.count.counted("field")); accepted: \(header.count), as the header has"
        )
      }
      return row.fields
    }
  }

  /// The place of the first of some names that the header has.
  package func column(_ names: [String]) -> Int? {
    names.lazy.compactMap { header.firstIndex(of: $0) }.first
  }
}
