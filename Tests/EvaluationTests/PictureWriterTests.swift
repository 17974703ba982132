import Foundation
import Pictures
import TestSupport
import Testing
import Torch

@testable import Evaluation

@Suite struct PictureWriterTests {
  private func picture(_ level: UInt8, _ file: URL) -> PictureWriter.Picture {
    .init(
      image: Image(width: 2, height: 2, pixels: Array(repeating: level, count: 12)),
      text: [("level", "\(level)")], file: file)
  }

  @Test func picturesAreFilesAtTheEnd() throws {
    try Fixtures.temporaryFolder { folder in
      let writer = PictureWriter()
      for level in UInt8(0)..<6 {
        try writer.write([picture(level, folder.appendingPathComponent("\(level).png"))])
      }
      try writer.finish()
      for level in UInt8(0)..<6 {
        let file = folder.appendingPathComponent("\(level).png")
        #expect(try PNG.read(file).pixels == Array(repeating: level, count: 12))
        #expect(try PNG.text(of: file)["level"] == "\(level)")
      }
    }
  }

  /// The fault is told by the next call, once, and the batches before it are files.
  @Test(arguments: [true, false]) func aFaultIsTold(_ byWriting: Bool) throws {
    try Fixtures.temporaryFolder { folder in
      let writer = PictureWriter()
      let good = folder.appendingPathComponent("good.png")
      try writer.write([picture(1, good)])
      let nowhere = folder.appendingPathComponent("nowhere/picture.png")
      try writer.write([picture(2, nowhere)])
      #expect {
        if byWriting { try writer.write([]) } else { try writer.finish() }
      } throws: {
        ($0 as? LetheError)?.kind == .disk && "\($0)".contains(nowhere.path)
      }
      try writer.finish()
      #expect(try PNG.read(good).pixels.first == 1)
    }
  }

  /// A process whose turn it is not writes nothing.
  @Test func onlyTheTurnWrites() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("picture.png")
      let writer = PictureWriter()
      try WriteTurn.$isMine.withValue(false) { try writer.write([picture(1, file)]) }
      try writer.finish()
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
  }
}
