// Prompts with a concept and without it, from which Ring-A-Bell takes the concept's direction.
internal import Foundation
internal import Torch
internal import Training

/// A prompt with the concept, and the same prompt without it.
///
/// A file of pairs is a CSV with a header. The prompt with the concept is in the column `with`, `sensitive prompt` or
/// `prompt`; the one without it in `without`, `normal prompt` or `anchor`.
public struct ConceptPair: Sendable, Hashable {
  /// The prompt with the concept.
  public var with: String
  /// The same prompt without it.
  public var without: String
  /// A pair of prompts.
  public init(with: String, without: String) { (self.with, self.without) = (with, without) }

  static let columns = (
    with: ["with", "sensitive prompt", "prompt"], without: ["without", "normal prompt", "anchor"]
  )

  /// - Throws: ``LetheError`` of the kind `model` for a file without both columns, or without a row
  static func read(_ file: URL) throws -> [ConceptPair] {
    let table = try CSVTable(contentsOf: file)
    guard let with = table.column(columns.with), let without = table.column(columns.without) else {
      throw LetheError.malformed(
        file,
        "its header has \(table.header.joined(separator: ", ")); accepted: a column of "
          + "\(columns.with.joined(separator: ", ")), and one of \(columns.without.joined(separator: ", "))"
      )
    }
    let pairs = table.rows.map { ConceptPair(with: $0[with], without: $0[without]) }
    guard !pairs.isEmpty else { throw LetheError.malformed(file, "it has a header and no pairs") }
    return pairs
  }
}
