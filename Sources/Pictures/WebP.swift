// WebP through libwebp; read only, pictures are written as PNG.
internal import CWebP
package import Foundation
internal import Torch

package enum WebP {
  /// Whether bytes begin as a WebP file does: RIFF, a size of four bytes, WEBP.
  package static func isPicture(_ data: [UInt8]) -> Bool {
    data.count >= 12 && data.starts(with: "RIFF".utf8)
      && data.dropFirst(8).prefix(4).elementsEqual("WEBP".utf8)
  }

  /// Reads a still WebP as 8-bit RGB. Alpha is laid on white. An orientation in the file is applied.
  package static func read(_ file: URL) throws -> Image {
    let data = try InputFile.data(file, .picture)
    let (image, orientation) = try data.withUnsafeBytes { raw -> (Image, Int) in
      let bytes = raw.bindMemory(to: UInt8.self)
      var features = WebPBitstreamFeatures()
      guard
        WebPGetFeaturesInternal(
          bytes.baseAddress, bytes.count, &features, WEBP_DECODER_ABI_VERSION) == VP8_STATUS_OK,
        features.width > 0, features.height > 0
      else { throw LetheError.malformed(file, "it is no WebP picture") }
      guard features.has_animation == 0 else {
        throw LetheError.unreadable(file, "it is an animation; accepted: a still picture")
      }
      let (w, h) = (Int(features.width), Int(features.height))
      try Limit.pixels.check(w * h, file)
      var pixels = [UInt8](repeating: 0, count: w * h * 4)
      guard
        WebPDecodeRGBAInto(bytes.baseAddress, bytes.count, &pixels, pixels.count, Int32(4 * w))
          != nil
      else { throw LetheError.malformed(file, "its pixels cannot be decoded") }
      return (
        Image(width: w, height: h, rgba: pixels), Orientation.find(inWebP: raw)
      )
    }
    return image.oriented(orientation)
  }
}
