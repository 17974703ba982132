// JPEG through libjpeg-turbo; read only, pictures are written as PNG.
internal import CTurboJPEG
package import Foundation
internal import Torch

package enum JPEG {
  /// Reads a grey or colour JPEG as 8-bit RGB.
  package static func read(_ file: URL) throws -> Image {
    let data = try InputFile.data(file, .picture)
    guard let decoder = tjInitDecompress() else {
      throw LetheError.unreadable(file, "no JPEG decoder can be made")
    }
    defer { tjDestroy(decoder) }
    let (image, orientation) = try data.withUnsafeBytes { bytes -> (Image, Int) in
      let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      var (width, height, sampling, colours): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
      guard
        tjDecompressHeader3(
          decoder, start, UInt(bytes.count), &width, &height, &sampling, &colours) == 0
      else { throw LetheError.malformed(file, "it is no JPEG picture") }
      let (w, h) = (Int(width), Int(height))
      guard w > 0, h > 0 else { throw LetheError.malformed(file, "it has no pixels") }
      try Limit.pixels.check(w * h, file)
      let isInk = colours == Int32(TJCS_CMYK.rawValue) || colours == Int32(TJCS_YCCK.rawValue)
      let format = isInk ? TJPF_CMYK : TJPF_RGB
      var pixels = [UInt8](repeating: 0, count: w * h * (isInk ? 4 : 3))
      let code = tjDecompress2(
        decoder, start, UInt(bytes.count), &pixels, width, 0, height, Int32(format.rawValue),
        Int32(TJFLAG_ACCURATEDCT))
      // Other warnings are about bytes that no pixel needs; a file that is cut off would be filled up with grey.
      let why = code == 0 ? "" : String(cString: tjGetErrorStr2(decoder))
      guard
        code == 0
          || (tjGetErrorCode(decoder) == Int32(TJERR_WARNING.rawValue) && !why.contains("remature"))
      else { throw LetheError.malformed(file, "its pixels cannot be decoded") }
      if isInk { pixels = Self.mixed(pixels, isInverted: Self.hasAdobeMarker(bytes)) }
      return (Image(width: w, height: h, pixels: pixels), Orientation.find(inJPEG: bytes))
    }
    return image.oriented(orientation)
  }

  /// Inks -> RGB: c' = round((255 - c) (255 - k) / 255). Adobe's programs store 255 - ink.
  private static func mixed(_ cmyk: [UInt8], isInverted: Bool) -> [UInt8] {
    (0..<(cmyk.count / 4)).flatMap { i -> [UInt8] in
      let inks = (0..<4).map { isInverted ? Int(cmyk[4 * i + $0]) : 255 - Int(cmyk[4 * i + $0]) }
      return (0..<3).map { UInt8((2 * inks[$0] * inks[3] + 255) / 510) }
    }
  }

  private static func hasAdobeMarker(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var i = 2
    while i + 9 <= bytes.count, bytes[i] == 0xFF, bytes[i + 1] != 0xDA {
      if bytes[i + 1] == 0xEE, bytes[(i + 4)..<(i + 9)].elementsEqual("Adobe".utf8) { return true }
      i += 2 + (Int(bytes[i + 2]) << 8 | Int(bytes[i + 3]))
    }
    return false
  }
}
