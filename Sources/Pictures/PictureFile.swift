public import Foundation
internal import Torch

extension Image {
  /// Ends of the names of picture files that can be read.
  package static let extensions = ["png", "jpg", "jpeg", "webp"]

  /// Reads a PNG, JPEG or WebP file, whatever its name says.
  public init(contentsOf file: URL) throws {
    let magic = try InputFile.beginning(file, 12)
    let others = [("GIF", "GIF8"), ("BMP", "BM")]
    if let (kind, _) = others.first(where: { magic.starts(with: $0.1.utf8) }) {
      throw LetheError.unreadable(file, "it is a \(kind) picture; accepted: PNG, JPEG and WebP")
    }
    self =
      try magic.starts(with: [0xFF, 0xD8, 0xFF])
      ? JPEG.read(file) : WebP.isPicture(magic) ? WebP.read(file) : PNG.read(file)
  }
}
