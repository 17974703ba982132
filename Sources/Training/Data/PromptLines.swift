// Prompts as objects of JSON, one a line.
internal import Foundation
internal import Torch

extension PromptTable {
  /// JSON objects, one a line, with the same names for keys.
  static func lines(_ text: String, _ file: URL) throws -> ([Row], [String]) {
    var rows: [Row] = []
    for (index, line) in text.split(whereSeparator: \.isNewline).enumerated()
    where !line.allSatisfy(\.isWhitespace) {
      func bad(_ why: String) -> LetheError { .wrong(file, "line \(index + 1): \(why)") }
      let json: JSON
      do { json = try JSONText.value(Data(line.utf8)) } catch {
        throw bad("it is no JSON: \(error); accepted: one object a line")
      }
      let row = Checked(json, "\(file.path), line \(index + 1)")
      func value(_ kind: String) -> Checked? {
        (names[kind] ?? []).lazy.map { row[$0] }.first { !$0.isMissing }
      }
      guard let prompt = try value("prompt")?.string(), !prompt.isEmpty else {
        throw bad(
          "no prompt; accepted: a text under one of the keys \((names["prompt"] ?? []).joined(separator: ", "))"
        )
      }
      let id = value("case").map { $0.value?.string ?? $0.value?.compact ?? "" } ?? "\(index)"
      guard !id.isEmpty, !id.hasPrefix("."),
        id.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) })
      else {
        throw bad(
          "case number '\(id)' would not do as a file name; accepted: letters, digits, '-', '_' and '.'"
        )
      }
      let seed = try value("seed").map { found -> UInt64 in
        switch found.value {
        case .some(.unsigned(let v)): return v
        case let small:
          guard let v = small?.int.flatMap({ UInt64(exactly: $0) }) else {
            throw found.refused("a whole number from 0 to 18446744073709551615")
          }
          return v
        }
      }
      rows.append(
        Row(
          caseNumber: id, prompt: prompt, seed: seed ?? derived(index),
          guidance: try value("guidance")?.number(.finite),
          width: try value("width")?.int(extents), height: try value("height")?.int(extents),
          erasers: try value("erasers").map(Self.names(of:)),
          forgets: try value("forget").map { found in
            if let answer = found.value?.bool { return answer }
            guard let answer = (found.value?.string).flatMap({ answers[$0.lowercased()] }) else {
              throw found.refused("forget, retain, keep, true, false, yes, no, 1, 0")
            }
            return answer
          }))
    }
    return (rows, [])
  }

  /// Names in a list, or in one text with semicolons between them as in a CSV.
  private static func names(of value: Checked) throws -> [String] {
    if let text = value.value?.string {
      return text.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let names = value.value?.array?.compactMap(\.string)
    guard let names, names.count == value.value?.array?.count else {
      throw value.refused("a list of names, or one text with ';' between them")
    }
    return names
  }
}
