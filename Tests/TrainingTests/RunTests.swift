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
      // The version, and three events.
      #expect(try Self.records(of: run) == 4)
      // Steps that are done again after a kill go from both files.
      try run.seeded(1).forgetEvents(ofStage: "esd", from: 2)
      #expect(try run.events().count == 1 && Self.records(of: run) == 2)
      try run.record(["stage": "esd", "step": 2, "loss": 0.25])
      #expect(try Self.records(of: run) == 3)
    }
  }

  /// A stage has recorded a value, and another stage or another value has not.
  @Test func recordedValuesAreFound() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder)
      try run.record(["stage": "decoder", "step": 1, "loss": 0.5])
      #expect(!run.hasRecorded("psnr", ofStage: "decoder"))
      try run.record(["stage": "decoder", "psnr": 10.5])
      #expect(run.hasRecorded("psnr", ofStage: "decoder"))
      #expect(!run.hasRecorded("psnr", ofStage: "autoencoder"))
    }
  }

  /// The records of a run's one event file, whose checksums are right.
  private static func records(of run: Run) throws -> Int {
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
    #expect(data.isEmpty)
    return records
  }
}
