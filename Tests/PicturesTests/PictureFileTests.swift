// Pictures as Pillow gives them to a trainer (scripts/golden/pictures.py).
import Foundation
import TestSupport
import Testing
import Torch

@testable import Pictures

@Suite struct PictureFileTests {
  @Test func agreesWithPillow() throws {
    let expected = try #require(
      try JSON(contentsOf: Fixtures.url("pictures/expected.json")).members)
    #expect(expected.count >= 20)
    for (name, picture) in expected {
      let found = try Image(contentsOf: Fixtures.url("pictures/\(name)"))
      #expect(
        found.width == picture["width"]?.int && found.height == picture["height"]?.int, "\(name)")
      let pixels = try #require(picture["pixels"]?.array).compactMap(\.int)
      // Decoders of JPEG may round differently.
      let most = name.hasSuffix(".jpg") ? 2 : 0
      #expect(
        zip(found.pixels, pixels).allSatisfy { abs(Int($0) - $1) <= most },
        "\(name): \(found.pixels.prefix(12))")
    }
  }

  /// An animation is no still picture, and a WebP that is cut off is none either.
  @Test func otherFormatsAreNamed() throws {
    let error = #expect(throws: LetheError.self) {
      try Image(contentsOf: Fixtures.url("pictures/moving.webp"))
    }
    #expect(error?.sentence.contains("animation") == true)
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("x.webp")
      let whole = try Data(contentsOf: Fixtures.url("pictures/lossy.webp"))
      for count in [11, 20, 40, whole.count / 2] {
        try whole.prefix(count).write(to: file)
        #expect(throws: LetheError.self) { try Image(contentsOf: file) }
      }
    }
  }

  /// A JPEG that is cut off is refused, bytes after its end are not.
  @Test func endsOfFiles() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("x.jpg")
      let whole = try Data(contentsOf: Fixtures.url("pictures/turned.jpg"))
      try (whole + Data(repeating: 7, count: 100)).write(to: file)
      #expect(try Image(contentsOf: file).height == 16)
      try whole.prefix(whole.count * 2 / 3).write(to: file)
      #expect(throws: LetheError.self) { try Image(contentsOf: file) }
    }
  }

  /// The types of a PNG file's chunks: length, type, data and checksum follow one another.
  private static func chunks(_ file: URL) throws -> [String] {
    let bytes = [UInt8](try Data(contentsOf: file))
    var (place, kinds) = (8, [String]())
    while place + 12 <= bytes.count {
      let length = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
      kinds.append(String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self))
      place += 12 + length
    }
    #expect(place == bytes.count)
    return kinds
  }

  /// Text that Latin-1 has is written as the web interfaces write it, other text as UTF-8.
  @Test func kindsOfText() throws {
    try Fixtures.temporaryFolder { folder in
      let image = Image(width: 1, height: 1, pixels: [1, 2, 3])
      let file = folder.appendingPathComponent("x.png")
      for (text, kind) in [("café, Steps: 25", "tEXt"), ("a fox 🦊", "iTXt")] {
        try PNG.write(image, text: [("parameters", text)], to: file)
        #expect(try Self.chunks(file).filter { $0.hasSuffix("Xt") } == [kind])
        #expect(try PNG.text(of: file) == ["parameters": text])
      }
    }
  }
}
