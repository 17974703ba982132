// RFC 4180, with what the field's files do: a byte order mark, newlines inside quotes, CRLF.
//
// A general reader pads short rows silently; prompt files need every bad row named by its line.

/// A table of text, each row with the line of the file that it begins on.
package struct CSV {
  package struct Row {
    package var line: Int
    package var fields: [String]
  }
  package struct Unterminated: Error { package var line: Int }

  package var rows: [Row] = []

  package init(_ text: String) throws {
    var fields: [String] = []
    var field = ""
    var quoted = false
    var wasQuoted = false
    var line = 1
    var first = 1
    var scalars = Array(text.unicodeScalars)
    if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
    func finish() {
      fields.append(field)
      (field, wasQuoted) = ("", false)
    }
    func finishRow(_ rows: inout [Row]) {
      finish()
      if fields != [""] { rows.append(Row(line: first, fields: fields)) }
      fields = []
    }
    var rows: [Row] = []
    var i = 0
    while i < scalars.count {
      let c = scalars[i]
      i += 1
      if c == "\n" { line += 1 }
      if quoted {
        if c != "\"" {
          field.unicodeScalars.append(c)
        } else if i < scalars.count, scalars[i] == "\"" {
          field.unicodeScalars.append("\"")
          i += 1
        } else {
          quoted = false
        }
        continue
      }
      switch c {
      case "\"" where field.isEmpty && !wasQuoted: (quoted, wasQuoted) = (true, true)
      case ",": finish()
      case "\r" where i < scalars.count && scalars[i] == "\n": break
      case "\n":
        finishRow(&rows)
        first = line
      default: field.unicodeScalars.append(c)
      }
    }
    if quoted { throw Unterminated(line: first) }
    if !field.isEmpty || !fields.isEmpty { finishRow(&rows) }
    self.rows = rows
  }
}
