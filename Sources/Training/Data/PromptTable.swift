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
    /// Whether the prompt asks for the concept to forget; nil where the file does not say.
    package var forgets: Bool?

    package init(
      caseNumber: String, prompt: String, seed: UInt64, guidance: Double? = nil, width: Int? = nil,
      height: Int? = nil, erasers: [String]? = nil, forgets: Bool? = nil
    ) {
      (self.caseNumber, self.prompt, self.seed) = (caseNumber, prompt, seed)
      (self.guidance, self.width, self.height) = (guidance, width, height)
      (self.erasers, self.forgets) = (erasers, forgets)
    }
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
    "forget": ["forget", "forgets"],
  ]

  /// Words of the column `forget`.
  private static let answers = [
    "forget": true, "true": true, "yes": true, "1": true, "retain": false, "keep": false,
    "false": false, "no": false, "0": false,
  ]

  package init(contentsOf file: URL) throws {
    let text = try InputFile.text(file)
    func bad(_ line: Int, _ why: String) -> LetheError { .wrong(file, "line \(line): \(why)") }
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
    guard let first = table.rows.first else { throw LetheError.wrong(file, "it has no rows") }
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
    let (erasers, forget) = (column("erasers"), column("forget"))
    if seed == nil { notes.append("no seed column: seeds derived from the row number") }
    var rows: [Row] = []
    for (index, row) in table.rows.dropFirst().enumerated() {
      guard row.fields.count == header.count else {
        throw bad(row.line, "\(row.fields.count) fields, the header has \(header.count)")
      }
      func value<T>(
        _ column: Int?, _ what: String, _ accepted: String, _ read: (String) -> T?
      ) throws -> T? {
        guard let column, !row.fields[column].isEmpty else { return nil }
        let text = row.fields[column].trimmingCharacters(in: .whitespaces)
        guard let value = read(text) else {
          throw bad(row.line, "\(what) '\(text)'; accepted: \(accepted)")
        }
        return value
      }
      guard Limit.prompt.allows(row.fields[prompt].utf8.count) else {
        throw bad(
          row.line,
          "a prompt of \(row.fields[prompt].utf8.count) bytes; accepted: at most \(Limit.prompt.most)"
        )
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
          seed: try value(seed, "seed", "0 to 18446744073709551615") {
            UInt64($0) ?? Double($0).flatMap { UInt64(exactly: $0) }
          }
            ?? Self.derived(index),
          guidance: try value(guidance, "guidance", "a finite number") {
            Double($0).flatMap { $0.isFinite ? $0 : nil }
          },
          width: try value(width, "width", "1 to 16384", Self.extent),
          height: try value(height, "height", "1 to 16384", Self.extent),
          // An empty field means no erasers; a missing column leaves the choice to the set.
          erasers: erasers.map {
            row.fields[$0].split(separator: ";").map {
              $0.trimmingCharacters(in: .whitespaces)
            }
          },
          forgets: try value(forget, "forget", "forget, retain, keep, true, false, yes, no, 1, 0") {
            Self.answers[$0.lowercased()]
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
      func bad(_ why: String) -> LetheError { .wrong(file, "line \(index + 1): \(why)") }
      let json: JSON
      do { json = try JSONText.value(Data(line.utf8)) } catch {
        throw bad("it is no JSON: \(error)")
      }
      let row = Checked(json, "\(file.path), line \(index + 1)")
      func value(_ kind: String) -> Checked? {
        (names[kind] ?? []).lazy.map { row[$0] }.first { !$0.isMissing }
      }
      guard let prompt = try value("prompt")?.string(), !prompt.isEmpty else {
        throw bad("no prompt")
      }
      let id = value("case").map { $0.value?.string ?? $0.value?.compact ?? "" } ?? "\(index)"
      guard !id.isEmpty, !id.hasPrefix("."),
        id.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) })
      else { throw bad("case number '\(id)' would not do as a file name") }
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
          erasers: value("erasers")?.value?.array?.compactMap(\.string),
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

  /// Pixels of a side.
  private static let extents = 1...16_384

  /// Pixels of a side, perhaps written with a fraction of zeros.
  private static func extent(_ text: String) -> Int? {
    Double(text).flatMap { Int(exactly: $0) }.flatMap { extents.contains($0) ? $0 : nil }
  }

  /// Seeds for prompts without one: the same at each reading, and different for each prompt.
  static func derived(_ index: Int) -> UInt64 { Step.mix(0, UInt64(index)) & 0xFFFF_FFFF }

  private static func unquoted(_ line: String) -> String {
    guard line.count >= 2, line.hasPrefix("\""), line.hasSuffix("\"") else { return line }
    return line.dropFirst().dropLast().replacingOccurrences(of: "\"\"", with: "\"")
  }
}
