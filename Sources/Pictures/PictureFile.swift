public import Foundation
internal import Torch

extension Image {
  /// Ends of the names of picture files that can be read.
  package static let extensions = ["png", "jpg", "jpeg", "webp"]

  /// Reads a PNG, JPEG or WebP file, whatever its name says.
  public init(contentsOf file: URL) throws {
    let magic = try InputFile.beginning(file, 12)
    let known = ["a PNG picture", "a JPEG picture", "a WebP picture"]
    let kind = magic.starts(with: "BM".utf8) ? "a BMP picture" : FileKind.words(file)
    if let kind, !known.contains(kind) {
      throw LetheError.unreadable(file, "it is \(kind); accepted: PNG, JPEG and WebP")
    }
    self =
      try magic.starts(with: [0xFF, 0xD8, 0xFF])
      ? JPEG.read(file) : WebP.isPicture(magic) ? WebP.read(file) : PNG.read(file)
  }
}
