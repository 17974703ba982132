package import Diffusion
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
    /// The subjects that the prompt asks for, by kind, of a suite that names them.
    package var subjects: [String: String] = [:]
    /// The line of the file; nil for rows of no file.
    package var line: Int?

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
  /// The file of the rows.
  private let file: URL

  static let names: [String: [String]] = [
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
  static let answers = [
    "forget": true, "true": true, "yes": true, "1": true, "retain": false, "keep": false,
    "false": false, "no": false, "0": false,
  ]

  /// Rows of one case number, which are other seeds of it, have numbers of their own, because files are named by them.
  private static func apart(_ rows: [Row], _ notes: [String]) -> (rows: [Row], notes: [String]) {
    var taken = Set(rows.map(\.caseNumber))
    guard taken.count < rows.count else { return (rows, notes) }
    var counts: [String: Int] = [:]
    let found = rows.map { row in
      let count = counts[row.caseNumber, default: 0] + 1
      counts[row.caseNumber] = count
      guard count > 1 else { return row }
      var (row, number) = (row, count)
      while taken.contains("\(row.caseNumber)-\(number)") { number += 1 }
      row.caseNumber += "-\(number)"
      taken.insert(row.caseNumber)
      return row
    }
    let more = rows.count - counts.count
    return (
      found,
      notes + [
        "\(more.counted("row")) repeat a case number: their pictures are named NUMBER-2, NUMBER-3, ..."
      ]
    )
  }

  package init(contentsOf file: URL) throws {
    self.file = file
    func filled<T>(_ rows: [T]) throws -> [T] {
      guard rows.isEmpty else { return rows }
      throw LetheError.wrong(file, "it has no rows; accepted: \(Self.forms)")
    }
    let text = try InputFile.text(file)
    func bad(_ line: Int, _ why: String) -> LetheError { .wrong(file, "line \(line): \(why)") }
    let signs = text.lazy.filter { !$0.isWhitespace && $0 != "\u{FEFF}" }.prefix(2).map(\.self)
    if signs.first == "{" {
      let (found, notes) = try Self.lines(text, file)
      (rows, self.notes) = Self.apart(try filled(found), notes)
      return
    }
    guard signs.first != "[" || !["{", "[", "]", "\""].contains(signs.last) else {
      throw LetheError.wrong(file, "it is a list of JSON; accepted: \(Self.forms)")
    }
    let table: CSV
    do { table = try CSV(text, separator: Self.separator(of: text)) } catch let error
      as CSV.Unterminated
    {
      throw bad(
        error.line,
        "a quote is opened and never closed; accepted: \"TEXT\", with \"\" for a quote within")
    }
    let header = try filled(table.rows)[0].fields.map {
      $0.lowercased().trimmingCharacters(in: .whitespaces)
    }
    func column(_ kind: String) -> Int? {
      (Self.names[kind] ?? []).lazy.compactMap { header.firstIndex(of: $0) }.first
    }
    var notes: [String] = []
    guard let prompt = column("prompt") else {
      // Attack lists are plain prompts, one a line, in files that are called .csv all the same.
      guard !Self.isHeader(header) else {
        throw bad(
          1,
          "no column of prompts among '\(header.joined(separator: "', '").prefix(200))'; accepted: \(Self.forms)"
        )
      }
      rows = try filled(
        text.split(whereSeparator: \.isNewline).enumerated().map {
          Row(caseNumber: "\($0)", prompt: Self.unquoted(String($1)), seed: Self.derived($0))
        })
      self.notes = [
        "no header: every line is a prompt, the first is '\(rows.first?.prompt.prefix(60) ?? "")', seeds derived from the line "
          + "number"
      ]
      return
    }
    let (seed, number) = (column("seed"), column("case"))
    let (guidance, width, height) = (column("guidance"), column("width"), column("height"))
    let (erasers, forget) = (column("erasers"), column("forget"))
    if seed == nil { notes.append("no seed column: seeds derived from the row number") }
    var rows: [Row] = []
    for (index, row) in table.rows.dropFirst().enumerated() {
      guard row.fields.count == header.count else {
        throw bad(
          row.line,
          "\(row.fields.count.counted("field")); accepted: \(header.count), as the header has")
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
        throw bad(row.line, "the prompt is empty; accepted: a text")
      }
      let id = number.map { row.fields[$0].trimmingCharacters(in: .whitespaces) } ?? ""
      guard id.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }), !id.hasPrefix(".")
      else {
        throw bad(
          row.line,
          "case number '\(id)' would not do as a file name; accepted: letters, digits, '-', '_' and '.'"
        )
      }
      var found = try Row(
        caseNumber: id.isEmpty ? "\(index)" : id, prompt: row.fields[prompt],
        seed: value(seed, "seed", "0 to 18446744073709551615") {
          UInt64($0) ?? Double($0).flatMap { UInt64(exactly: $0) }
        }
          ?? Self.derived(index),
        guidance: value(guidance, "guidance", Bound.guidance.accepted) {
          Double($0).flatMap { Bound.guidance.allows(.number($0)) ? $0 : nil }
        },
        width: value(width, "width", "1 to 16384", Self.extent),
        height: value(height, "height", "1 to 16384", Self.extent),
        // An empty field means no erasers; a missing column leaves the choice to the set.
        erasers: erasers.map {
          row.fields[$0].split(separator: ";").map {
            $0.trimmingCharacters(in: .whitespaces)
          }
        },
        forgets: value(forget, "forget", "forget, retain, keep, true, false, yes, no, 1, 0") {
          Self.answers[$0.lowercased()]
        })
      found.line = row.line
      rows.append(found)
    }
    (self.rows, self.notes) = Self.apart(try filled(rows), notes)
  }

  /// The forms of a file in words.
  private static let forms =
    "a CSV whose header has one of \((names["prompt"] ?? []).joined(separator: ", ")); objects of JSON with such a key, one a "
    + "line; or prompts without a header, one a line"

  /// Whether a first line without a column of prompts is a header all the same: fields without spaces, a known column
  /// of another kind, or a name that is nearly one of a column of prompts.
  private static func isHeader(_ fields: [String]) -> Bool {
    let others = names.filter { $0.key != "prompt" }.flatMap(\.value).filter { !$0.isEmpty }
    if fields.count > 1 {
      return fields.allSatisfy { !$0.contains(" ") && !$0.isEmpty }
        || fields.contains(where: others.contains)
    }
    guard let only = fields.first, !only.contains(" ") else { return false }
    return only.contains("_") || others.contains(only)
      || ["prompt", "caption"].contains { only.contains($0) || only.isMisspelling(of: $0) }
  }

  /// Refuses rows that name erasers, for commands that lay on the same ones for every prompt.
  /// - Throws: ``LetheError`` of the kind `request`
  package static func refuseErasers(in rows: [Row], _ source: String) throws {
    guard let row = rows.first(where: { $0.erasers?.isEmpty == false }) else { return }
    throw LetheError.badValue(
      source,
      "the prompt '\(row.prompt.prefix(60))' names erasers, which `lethe generate --erasers SET` lays on for one prompt; "
        + "accepted: rows without them")
  }

  /// Refuses rows with a width or a height that pictures of a model cannot have.
  /// - Parameters:
  ///   - hasWidth: whether another width stands for those of the rows
  ///   - hasHeight: the same of the height
  /// - Throws: ``LetheError`` of the kind `model` with the line
  package func refuseSizes(
    of model: DiffusionModel, hasWidth: Bool = false, hasHeight: Bool = false
  ) throws {
    for row in rows {
      let sides = [("width", hasWidth ? nil : row.width), ("height", hasHeight ? nil : row.height)]
      for case (let name, let pixels?) in sides where !model.draws(extent: pixels) {
        throw LetheError.wrong(
          file,
          "line \(row.line ?? 1): \(name) '\(pixels)'; accepted: \(model.extentsInWords)")
      }
    }
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

  /// Pixels of a side.
  static let extents = 1...16_384

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
