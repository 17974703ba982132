/// The orientation that a camera writes into a picture (EXIF, tag 0x0112): 1 is upright.
enum Orientation {
  /// Of a JPEG's APP1 segment; 1 where there is none.
  static func find(inJPEG bytes: UnsafeRawBufferPointer) -> Int {
    var i = 2
    while i + 4 <= bytes.count, bytes[i] == 0xFF {
      let (marker, length) = (bytes[i + 1], Int(bytes[i + 2]) << 8 | Int(bytes[i + 3]))
      guard marker != 0xDA, length >= 2, i + 2 + length <= bytes.count else { return 1 }
      let body = bytes[(i + 4)..<(i + 2 + length)]
      if marker == 0xE1, body.starts(with: Array("Exif\0\0".utf8)) {
        return find(inTIFF: Array(body.dropFirst(6)))
      }
      i += 2 + length
    }
    return 1
  }

  /// Of a PNG's eXIf chunk; 1 where there is none.
  static func find(inPNG bytes: UnsafeRawBufferPointer) -> Int {
    var i = 8
    while i + 12 <= bytes.count {
      let length = (0..<4).reduce(0) { $0 << 8 | Int(bytes[i + $1]) }
      guard i + 12 + length <= bytes.count else { return 1 }
      if bytes[(i + 4)..<(i + 8)].elementsEqual("eXIf".utf8) {
        return find(inTIFF: Array(bytes[(i + 8)..<(i + 8 + length)]))
      }
      i += 12 + length
    }
    return 1
  }

  /// Of a WebP's EXIF chunk, which may begin as a JPEG's segment does; 1 where there is none.
  static func find(inWebP bytes: UnsafeRawBufferPointer) -> Int {
    var i = 12
    while i + 8 <= bytes.count {
      let length = (0..<4).reduce(0) { $0 | Int(bytes[i + 4 + $1]) << (8 * $1) }
      guard i + 8 + length <= bytes.count else { return 1 }
      if bytes[i..<(i + 4)].elementsEqual("EXIF".utf8) {
        let body = Array(bytes[(i + 8)..<(i + 8 + length)])
        return find(inTIFF: body.starts(with: "Exif\0\0".utf8) ? Array(body.dropFirst(6)) : body)
      }
      i += 8 + length + length % 2
    }
    return 1
  }

  private static func find(inTIFF b: [UInt8]) -> Int {
    guard b.count >= 8, b[0] == b[1], b[0] == 0x49 || b[0] == 0x4D else { return 1 }
    let isLittle = b[0] == 0x49
    func number(_ i: Int, _ size: Int) -> Int? {
      guard i >= 0, i + size <= b.count else { return nil }
      let bytes = b[i..<(i + size)]
      return (isLittle ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let start = number(4, 4), let count = number(start, 2) else { return 1 }
    for k in 0..<count where number(start + 2 + 12 * k, 2) == 0x0112 {
      guard let value = number(start + 2 + 12 * k + 8, 2), (1...8).contains(value) else { return 1 }
      return value
    }
    return 1
  }
}

extension Image {
  /// The picture as it is meant to be seen.
  func oriented(_ orientation: Int) -> Image {
    guard (2...8).contains(orientation) else { return self }
    let isTurned = orientation > 4
    let (w, h) = isTurned ? (height, width) : (width, height)
    var out = [UInt8](repeating: 0, count: pixels.count)
    for y in 0..<h {
      for x in 0..<w {
        // The place in the file of the pixel at (x, y).
        let (sx, sy): (Int, Int) =
          switch orientation {
          case 2: (width - 1 - x, y)
          case 3: (width - 1 - x, height - 1 - y)
          case 4: (x, height - 1 - y)
          case 5: (y, x)
          case 6: (y, height - 1 - x)
          case 7: (width - 1 - y, height - 1 - x)
          default: (width - 1 - y, x)
          }
        for c in 0..<3 { out[3 * (y * w + x) + c] = pixels[3 * (sy * width + sx) + c] }
      }
    }
    return Image(width: w, height: h, pixels: out)
  }
}
