// JPEG through libjpeg-turbo; read only, pictures are written as PNG.
internal import CTurboJPEG
public import Foundation
internal import Torch

package enum JPEG {
  /// Reads a grey or colour JPEG as 8-bit RGB.
  package static func read(_ file: URL) throws -> Image {
    let data = try InputFile.data(file, .picture)
    guard let decoder = tjInitDecompress() else {
      throw LetheError.unreadable(file, "no JPEG decoder can be made")
    }
    defer { tjDestroy(decoder) }
    return try data.withUnsafeBytes { bytes in
      let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      var (width, height, sampling, colours): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
      guard
        tjDecompressHeader3(
          decoder, start, UInt(bytes.count), &width, &height, &sampling, &colours) == 0
      else { throw LetheError.malformed(file, "it is no JPEG picture") }
      guard width > 0, height > 0 else { throw LetheError.malformed(file, "it has no pixels") }
      try Limit.pixels.check(Int(width) * Int(height), file)
      var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * 3)
      // A file that is cut off would be filled up with grey; it is refused.
      let code = tjDecompress2(
        decoder, start, UInt(bytes.count), &pixels, width, 0, height, Int32(TJPF_RGB.rawValue),
        Int32(TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING))
      guard code == 0 else {
        throw LetheError.malformed(file, "its pixels cannot be decoded")
      }
      return Image(width: Int(width), height: Int(height), pixels: pixels)
    }
  }
}

extension Image {
  /// Ends of the names of picture files that can be read.
  package static let extensions = ["png", "jpg", "jpeg"]

  /// Reads a PNG or JPEG file, whatever its name says.
  public init(contentsOf file: URL) throws {
    let magic = try InputFile.beginning(file, 3)
    self = try magic == [0xFF, 0xD8, 0xFF] ? JPEG.read(file) : PNG.read(file)
  }
}
