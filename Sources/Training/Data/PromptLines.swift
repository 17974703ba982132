// Prompts as objects of JSON, one a line.
internal import Foundation
internal import Torch

extension PromptTable {
  /// JSON objects, one a line, with the same names for keys.
  static func lines(_ text: String, _ file: URL) throws -> ([Row], [String]) {
    var rows: [Row] = []
    // Seeds and numbers of rows count lines that are not empty.
    var index = -1
    let all = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (place, line) in all.enumerated() where !line.isEmpty {
      index += 1
      guard !line.allSatisfy(\.isWhitespace) else { continue }
      func bad(_ why: String) -> LetheError { .wrong(file, "line \(place + 1): \(why)") }
      let json: JSON
      do { json = try JSONText.value(Data(line.utf8)) } catch {
        throw bad("it is no JSON: \(error); accepted: one object a line")
      }
      let row = Checked(json, "\(file.path), line \(place + 1)")
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
      var found = try Row(
        caseNumber: id, prompt: prompt, seed: seed ?? derived(index),
        guidance: value("guidance")?.number(.guidance),
        width: value("width")?.int(extents), height: value("height")?.int(extents),
        erasers: value("erasers").map(Self.names(of:)),
        forgets: value("forget").map { found in
          if let answer = found.value?.bool { return answer }
          guard let answer = (found.value?.string).flatMap({ answers[$0.lowercased()] }) else {
            throw found.refused("forget, retain, keep, true, false, yes, no, 1, 0")
          }
          return answer
        })
      found.line = place + 1
      rows.append(found)
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
