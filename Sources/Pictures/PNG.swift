// PNG through libpng; text chunks (RFC 2083, section 4.2.3) are added and read here, because
// libpng's simplified interface leaves them out.
internal import CPNG
public import Foundation
internal import Torch

/// PNG files with their texts.
public enum PNG {
  private static let formatRGB: UInt32 = 2
  private static let signature: [UInt8] = [137, 80, 78, 71, 13, 10, 26, 10]

  /// Whether bytes begin as a PNG file does.
  package static func isPicture(_ data: Data) -> Bool { data.starts(with: signature) }

  /// Reads any PNG as 8-bit RGB, as Pillow gives it: samples as they are stored, of 16 bits the high byte, without
  /// gamma. Alpha is laid on white. An orientation in the file is applied.
  public static func read(_ file: URL) throws -> Image {
    let data = try InputFile.data(file, .picture)
    let (image, orientation) = try data.withUnsafeBytes { raw -> (Image, Int) in
      let bytes = raw.bindMemory(to: UInt8.self)
      var (width, height): (UInt32, UInt32) = (0, 0)
      guard lethe_png_size(bytes.baseAddress, bytes.count, &width, &height) != 0 else {
        throw LetheError.malformed(file, "it is no PNG picture")
      }
      let (w, h) = (Int(width), Int(height))
      try Limit.pixels.check(w * h, file)
      var pixels = [UInt8](repeating: 0, count: w * h * 4)
      guard lethe_png_rgba(bytes.baseAddress, bytes.count, width, height, &pixels) != 0 else {
        throw LetheError.malformed(file, "its pixels cannot be decoded")
      }
      return (
        Image(width: w, height: h, rgba: pixels),
        Orientation.find(inPNG: UnsafeRawBufferPointer(raw))
      )
    }
    return image.oriented(orientation)
  }

  /// PNG bytes of a picture, with `text` in tEXt chunks, or in iTXt ones (UTF-8) where Latin-1 does not have it.
  public static func encode(_ image: Image, text: [(String, String)] = []) throws -> Data {
    var png = png_image()
    png.version = UInt32(PNG_IMAGE_VERSION)
    (png.width, png.height, png.format) = (UInt32(image.width), UInt32(image.height), formatRGB)
    defer { png_image_free(&png) }
    var size = image.pixels.count + 65536 + image.height * 16
    var bytes = [UInt8](repeating: 0, count: size)
    guard png_image_write_to_memory(&png, &bytes, &size, 0, image.pixels, 0, nil) != 0 else {
      throw LetheError.model("a picture of \(image.width) x \(image.height) cannot be encoded")
    }
    var data = Data(bytes.prefix(size))
    let afterHeader = 8 + 25  // signature, IHDR
    var chunks = Data()
    for (keyword, value) in text {
      let latin = value.unicodeScalars.map {
        $0.value > 0 && $0.value < 256 ? UInt8($0.value) : nil
      }
      chunks +=
        latin.contains(nil)
        ? chunk("iTXt", Data(keyword.utf8) + [0, 0, 0, 0, 0] + Data(value.utf8))
        : chunk("tEXt", Data(keyword.utf8) + [0] + Data(latin.compactMap { $0 }))
    }
    data.insert(contentsOf: chunks, at: afterHeader)
    return data
  }

  /// Writes a picture with texts by keyword.
  /// - Throws: ``LetheError`` of the kind `disk`
  public static func write(_ image: Image, text: [(String, String)] = [], to file: URL) throws {
    try AtomicFile.write(try encode(image, text: text), to: file)
  }

  /// The text chunks of a PNG file, by keyword.
  public static func text(of file: URL) throws -> [String: String] {
    let data = [UInt8](try InputFile.data(file, .picture))
    guard data.starts(with: signature) else {
      throw LetheError.malformed(file, "it is no PNG picture")
    }
    var found: [String: String] = [:]
    var i = 8
    while i + 12 <= data.count {
      let length = data[i..<(i + 4)].reduce(0) { $0 << 8 | Int($1) }
      guard i + 12 + length <= data.count else {
        throw LetheError.malformed(file, "a chunk is cut off")
      }
      let body = data[(i + 8)..<(i + 8 + length)]
      if data[(i + 4)..<(i + 8)].elementsEqual("tEXt".utf8), let zero = body.firstIndex(of: 0) {
        let value = body[(zero + 1)...].map { Character(Unicode.Scalar($0)) }
        found[String(decoding: body[..<zero], as: UTF8.self)] = String(value)
      }
      if data[(i + 4)..<(i + 8)].elementsEqual("iTXt".utf8), let zero = body.firstIndex(of: 0),
        zero + 5 <= body.endIndex
      {
        let rest = body[(zero + 3)...].split(
          separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
        if rest.count == 3 {
          found[String(decoding: body[..<zero], as: UTF8.self)] = String(
            decoding: rest[2], as: UTF8.self)
        }
      }
      i += 12 + length
    }
    return found
  }

  private static func chunk(_ type: String, _ body: Data) -> Data {
    func bigEndian(_ value: UInt32) -> [UInt8] {
      (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) }
    }
    let content = Data(type.utf8) + body
    return Data(bigEndian(UInt32(body.count))) + content + bigEndian(crc(content))
  }

  /// CRC-32 of ISO 3309, as PNG asks for.
  private static func crc(_ data: Data) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in data {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
