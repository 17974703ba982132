import Foundation
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct RunTests {
  /// An earlier part's file goes, its events stay, and later ones follow as they are recorded.
  @Test func aRunHasOneFile() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder)
      try run.record(["stage": "esd", "step": 1, "loss": 0.5])
      for step in [2, 3] {
        try run.writeTensorBoard()
        try run.seeded(1).record(["stage": "esd", "step": .int(step), "loss": 0.25])
      }
      let files = try FileManager.default.contentsOfDirectory(
        at: run.file("tensorboard"), includingPropertiesForKeys: nil)
      #expect(files.count == 1)
      var (data, records) = (try Data(contentsOf: files[0]), 0)
      while data.count >= 16 {
        let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let body = data.dropFirst(12).prefix(length)
        let sum = data.dropFirst(12 + length).prefix(4).reversed().reduce(UInt32(0)) {
          $0 << 8 | UInt32($1)
        }
        #expect(sum == TensorBoardFile.masked(TensorBoardFile.crc32c(Data(body))))
        data = Data(data.dropFirst(16 + length))
        records += 1
      }
      // The version, and three events.
      #expect(data.isEmpty && records == 4)
    }
  }
}
