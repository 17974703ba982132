import Foundation
import Pictures
import TestSupport
import Testing
import Torch

@Suite struct ImageTests {
  let image = Image(width: 3, height: 2, pixels: (0..<18).map { UInt8($0 * 14) })

  @Test func pixelsAndTextComeBack() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("x.png")
      let text = "a fox 🦊\nSteps: 25, Seed: 1"
      try PNG.write(image, text: [("parameters", text), ("other", "x")], to: file)
      #expect(try PNG.read(file) == image)
      #expect(try PNG.text(of: file) == ["parameters": text, "other": "x"])
    }
  }

  @Test func tensorsComeBack() {
    #expect(image.tensor.shape == [1, 3, 2, 3])
    #expect(Image(image.tensor) == image)
    #expect(Image.grid([image, image, image], columns: 2, gap: 1).height == 5)
  }

  /// The middle square of a picture, never a squashed one.
  @Test func squares() {
    // Columns 0 .. 3 of 4 x 2 pixels have their own brightness.
    let wide = Image(
      width: 4, height: 2,
      pixels: (0..<8).flatMap { i in [UInt8](repeating: UInt8(i % 4 * 60), count: 3) })
    let middle = wide.squared(2)
    #expect(middle.width == 2 && middle.height == 2)
    #expect(stride(from: 0, to: 12, by: 3).map { middle.pixels[$0] } == [60, 120, 60, 120])
    let tall = Image(
      width: 2, height: 4,
      pixels: (0..<8).flatMap { i in [UInt8](repeating: UInt8(i / 2 * 60), count: 3) })
    #expect(
      stride(from: 0, to: 12, by: 3).map { tall.squared(2).pixels[$0] } == [60, 60, 120, 120])
    let square = Image(width: 2, height: 2, pixels: Array(wide.pixels.prefix(12)))
    #expect(square.squared(2) == square && square.squared(5) == square.resized(5, 5))
    let large = Image(width: 7, height: 3, pixels: Array(repeating: 9, count: 63)).squared(8)
    #expect(large.width == 8 && large.height == 8 && large.pixels.allSatisfy { $0 == 9 })
  }

  @Test func damagedPicturesAreErrors() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("x.png")
      let whole = try PNG.encode(image)
      for bytes in [Data(), Data("no picture".utf8), whole.prefix(40)] {
        try bytes.write(to: file)
        #expect(throws: LetheError.self) { try PNG.read(file) }
      }
    }
  }
}
