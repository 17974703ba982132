import Foundation
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct TensorBoardFileTests {
  /// The checksum of RFC 3720, appendix B.4, and its mask.
  @Test func checksums() {
    #expect(TensorBoardFile.crc32c(Data("123456789".utf8)) == 0xE306_9283)
    #expect(TensorBoardFile.crc32c(Data(count: 32)) == 0x8A91_36AA)
    #expect(TensorBoardFile.crc32c(Data(repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    // 0xE3069283 turned right by 15 is 0x2507C60D.
    #expect(TensorBoardFile.masked(0xE306_9283) == 0x2507_C60D &+ 0xA282_EAD8)
  }

  /// A message as TensorBoard's own writer makes it: step 7, value 0.5 under esd/loss.
  @Test func events() throws {
    let date = Date(timeIntervalSince1970: 1)
    let record = TensorBoardFile.record(
      of: ["stage": "esd", "step": 7, "loss": 0.5, "note": "x"], date)
    let value: [UInt8] = [0x0A, 8] + Array("esd/loss".utf8) + [0x15, 0, 0, 0, 0x3F]
    let summary = [0x0A, UInt8(value.count)] + value
    let event: [UInt8] =
      [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x10, 7, 0x2A, UInt8(summary.count)] + summary
    #expect(Array(record.prefix(8)) == [UInt8(event.count), 0, 0, 0, 0, 0, 0, 0])
    #expect(Array(record.dropFirst(12).dropLast(4)) == event)
    #expect(TensorBoardFile.record(of: ["stage": "cost", "evaluations": 3], date).isEmpty)
  }

  /// The file is TensorBoard's own, byte by byte (scripts/golden/event_files.py, which also reads it with TensorBoard).
  @Test func filesOfTensorBoard() throws {
    let events: [JSON] = [
      ["stage": "esd", "step": 0, "loss": 0.5, "rate": 1e-5],
      ["stage": "esd", "step": 7, "loss": 0.25, "note": "x"],
      ["stage": "guard", "step": 300, "drift": 3, "limit": -1.5],
    ]
    try Fixtures.temporaryFolder { folder in
      let date = Date(timeIntervalSince1970: 1.5)
      let file = try TensorBoardFile(folder, [events[0]], date: date)
      for event in events[1...] { try file.add(event, date: date) }
      let written = folder.appendingPathComponent("events.out.tfevents.1.lethe")
      #expect(
        try Data(contentsOf: written) == Data(contentsOf: Fixtures.url("events.tensorboard")))
    }
  }
}
