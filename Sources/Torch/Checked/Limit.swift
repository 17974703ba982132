package import Foundation

/// The most that an input may ask for. Each limit stands here once, with the words of its sentence.
package struct Limit: Sendable {
  package let most: Int
  /// The thing that is counted, e.g. `bytes of JSON`.
  let unit: String

  package init(_ most: Int, _ unit: String) { (self.most, self.unit) = (most, unit) }

  /// A manifest of 100,000 pictures has 30 MB.
  package static let json = Limit(64 << 20, "bytes of JSON")
  /// Logs, tables of prompts, lists of merges.
  package static let text = Limit(256 << 20, "bytes of text")
  /// The largest header of a published U-Net, SDXL's, has 0.2 MB.
  package static let header = Limit(4 << 20, "bytes of a header")
  /// Arrays and records that are read whole.
  package static let array = Limit(16 << 30, "bytes of an array")
  package static let picture = Limit(256 << 20, "bytes of a picture")
  /// 8192 x 8192, which takes 0.2 GB as bytes and 0.8 GB as numbers.
  package static let pixels = Limit(1 << 26, "pixels of a picture")
  /// A text encoder takes 77 tokens; byte pairs of one long word take time with the square of its length.
  package static let prompt = Limit(5000, "bytes of a prompt")

  package func allows(_ count: Int) -> Bool { count <= most }

  /// - Parameter source: the file or the option that the input comes from
  /// - Throws: ``LetheError`` for more than the limit
  package func check(_ count: Int, _ source: String, _ kind: LetheError.Kind = .model) throws {
    guard allows(count) else {
      throw LetheError(kind, "\(source) has \(count) \(unit); accepted: at most \(most)")
    }
  }

  /// - Throws: ``LetheError`` of the kind `model` for more than the limit
  package func check(_ count: Int, _ file: URL) throws { try check(count, file.path) }

  /// - Throws: ``LetheError`` of the kind `request` for a prompt that is too long
  package static func check(prompts: some Sequence<String>) throws {
    for text in prompts where !prompt.allows(text.utf8.count) {
      try prompt.check(text.utf8.count, "the prompt '\(text.prefix(40))...'", .request)
    }
  }
}
