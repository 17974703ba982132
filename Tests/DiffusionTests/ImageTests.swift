import Diffusion
import Foundation
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
