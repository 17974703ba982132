package import Foundation
internal import Torch
internal import TorchNN

/// Prompts with seeds, as the field's CSV files hold them. Columns go by many names there:
/// `evaluation_seed`, `sd_seed` or `seed`; `case_number`, `case_num`, `image_id` or `id`;
/// `prompt`, `text`, `adv_prompt` or `sensitive prompt`; files may have no header at all.
package struct PromptTable: Sendable {
  package struct Row: Sendable, Hashable {
    /// Kept as text: COCO's ids have leading zeros.
    package var caseNumber: String
    package var prompt: String
    package var seed: UInt64
    package var guidance: Double?
    package var width: Int?
    package var height: Int?
    /// Names of the erasers that are on for this prompt; nil where the file does not say.
    package var erasers: [String]?
  }
  package let rows: [Row]
  /// Notes on columns that the file lacks, e.g. that seeds were derived.
  package let notes: [String]

  private static let names: [String: [String]] = [
    "prompt": [
      "prompt", "text", "adv_prompt", "sensitive prompt", "target_prompt", "original", "caption",
    ],
    "seed": ["evaluation_seed", "sd_seed", "seed"],
    "case": ["case_number", "case_num", "image_id", "coco_id", "id", "index", "unnamed: 0", ""],
    "guidance": ["evaluation_guidance", "sd_guidance_scale", "guidance_scale", "guidance"],
    "width": ["sd_image_width", "width"],
    "height": ["sd_image_height", "height"],
    "erasers": ["erasers", "active"],
  ]

  package init(contentsOf file: URL) throws {
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw LetheError.unreadable(file, "it does not exist or may not be read")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw LetheError.malformed(file, "it is no UTF-8 text")
    }
    func bad(_ line: Int, _ why: String) -> LetheError { .malformed(file, "line \(line): \(why)") }
    if text.first(where: { !$0.isWhitespace && $0 != "\u{FEFF}" }) == "{" {
      (rows, notes) = try Self.lines(text, file)
      return
    }
    let table: CSV
    do { table = try CSV(text, separator: Self.separator(of: text)) } catch let error
      as CSV.Unterminated
    {
      throw bad(error.line, "a quote is opened and never closed")
    }
    guard let first = table.rows.first else { throw LetheError.malformed(file, "it has no rows") }
    let header = first.fields.map { $0.lowercased().trimmingCharacters(in: .whitespaces) }
    func column(_ kind: String) -> Int? {
      (Self.names[kind] ?? []).lazy.compactMap { header.firstIndex(of: $0) }.first
    }
    var notes: [String] = []
    guard let prompt = column("prompt") else {
      // Attack lists are plain prompts, one a line, in files that are called .csv all the same.
      let looksLikeHeader =
        header.count > 1 && header.allSatisfy { !$0.contains(" ") && !$0.isEmpty }
      guard !looksLikeHeader else {
        throw bad(
          1,
          "no column of prompts; accepted: \((Self.names["prompt"] ?? []).joined(separator: ", "))")
      }
      rows = text.split(whereSeparator: \.isNewline).enumerated().map {
        Row(caseNumber: "\($0)", prompt: Self.unquoted(String($1)), seed: Self.derived($0))
      }
      self.notes = ["no header: every line is a prompt, seeds derived from the line number"]
      return
    }
    let (seed, number) = (column("seed"), column("case"))
    let (guidance, width, height) = (column("guidance"), column("width"), column("height"))
    let erasers = column("erasers")
    if seed == nil { notes.append("no seed column: seeds derived from the row number") }
    var rows: [Row] = []
    for (index, row) in table.rows.dropFirst().enumerated() {
      guard row.fields.count == header.count else {
        throw bad(row.line, "\(row.fields.count) fields, the header has \(header.count)")
      }
      func value<T>(_ column: Int?, _ what: String, _ read: (String) -> T?) throws -> T? {
        guard let column, !row.fields[column].isEmpty else { return nil }
        let text = row.fields[column].trimmingCharacters(in: .whitespaces)
        guard let value = read(text) else { throw bad(row.line, "\(what) '\(text)'") }
        return value
      }
      guard !row.fields[prompt].isEmpty || header.count > 1 else {
        throw bad(row.line, "an empty prompt")
      }
      let id = number.map { row.fields[$0].trimmingCharacters(in: .whitespaces) } ?? ""
      guard id.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }), !id.hasPrefix(".")
      else {
        throw bad(row.line, "case number '\(id)' would not do as a file name")
      }
      rows.append(
        Row(
          caseNumber: id.isEmpty ? "\(index)" : id, prompt: row.fields[prompt],
          seed: try value(seed, "seed") { UInt64($0) ?? Double($0).flatMap { UInt64(exactly: $0) } }
            ?? Self.derived(index),
          guidance: try value(guidance, "guidance", Double.init),
          width: try value(width, "width") { Double($0).flatMap { Int(exactly: $0) } },
          height: try value(height, "height") { Double($0).flatMap { Int(exactly: $0) } },
          // An empty field means no erasers; a missing column leaves the choice to the set.
          erasers: erasers.map {
            row.fields[$0].split(separator: ";").map {
              $0.trimmingCharacters(in: .whitespaces)
            }
          }))
    }
    (self.rows, self.notes) = (rows, notes)
  }

  /// Semicolons or tabs, where the first line is a header by them and has no comma.
  private static func separator(of text: String) -> Unicode.Scalar {
    let first = text.prefix { !$0.isNewline }.lowercased()
    guard !first.contains(",") else { return "," }
    for (separator, scalar) in [(Character("\t"), "\t" as Unicode.Scalar), (";", ";")] {
      let fields = first.split(separator: separator, omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces.union(.init(charactersIn: "\"\u{FEFF}"))) }
      if fields.count > 1, fields.contains(where: { names["prompt"]?.contains($0) == true }) {
        return scalar
      }
    }
    return ","
  }

  /// JSON objects, one a line, with the same names for keys.
  private static func lines(_ text: String, _ file: URL) throws -> ([Row], [String]) {
    var rows: [Row] = []
    for (index, line) in text.split(whereSeparator: \.isNewline).enumerated()
    where !line.allSatisfy(\.isWhitespace) {
      func bad(_ why: String) -> LetheError { .malformed(file, "line \(index + 1): \(why)") }
      let json: JSON
      do { json = try JSONText.value(Data(line.utf8)) } catch {
        throw bad("it is no JSON: \(error)")
      }
      func value(_ kind: String) -> JSON? {
        (names[kind] ?? []).lazy.compactMap { json[$0] }.first { $0 != .null }
      }
      guard let prompt = value("prompt")?.string, !prompt.isEmpty else { throw bad("no prompt") }
      let id = value("case").map { $0.string ?? $0.compact } ?? "\(index)"
      guard !id.isEmpty, !id.hasPrefix("."),
        id.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) })
      else { throw bad("case number '\(id)' would not do as a file name") }
      let seed: UInt64? =
        switch value("seed") {
        case .some(.unsigned(let v)): v
        case let found: found?.int.flatMap { UInt64(exactly: $0) }
        }
      rows.append(
        Row(
          caseNumber: id, prompt: prompt, seed: seed ?? derived(index),
          guidance: value("guidance")?.number, width: value("width")?.int,
          height: value("height")?.int,
          erasers: value("erasers")?.array?.compactMap(\.string)))
    }
    return (rows, [])
  }

  /// Seeds for prompts without one: the same at each reading, and different for each prompt.
  static func derived(_ index: Int) -> UInt64 { Step.mix(0, UInt64(index)) & 0xFFFF_FFFF }

  private static func unquoted(_ line: String) -> String {
    guard line.count >= 2, line.hasPrefix("\""), line.hasSuffix("\"") else { return line }
    return line.dropFirst().dropLast().replacingOccurrences(of: "\"\"", with: "\"")
  }
}
