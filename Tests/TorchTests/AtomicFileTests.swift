import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite struct AtomicFileTests {
  @Test func aSweepTakesWhatDeadProcessesLeft() throws {
    try Fixtures.temporaryFolder { folder in
      let files = FileManager.default
      try files.createDirectory(
        at: folder.appendingPathComponent("a"), withIntermediateDirectories: true)
      // Processes have no such numbers.
      let (dead, alive) = (Int32.max - 1, getppid())
      let stale = [".x.json.\(dead).tmp", "a/.y.png.\(dead).tmp"]
      let kept = [
        ".x.json.\(alive).tmp", ".x.json.\(getpid()).tmp", "x.json.\(dead).tmp", ".x.tmp", "x.json",
      ]
      for name in stale + kept {
        try Data("1".utf8).write(to: folder.appendingPathComponent(name))
      }
      AtomicFile.sweep(folder)
      for name in stale {
        #expect(!files.fileExists(atPath: folder.appendingPathComponent(name).path), "\(name)")
      }
      for name in kept {
        #expect(files.fileExists(atPath: folder.appendingPathComponent(name).path), "\(name)")
      }
    }
  }

  @Test func aFailureLeavesTheOldFile() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("a")
      try AtomicFile.write(Data("old".utf8), to: file)
      let failure = LetheError.unwritable(file, errno: ENOSPC)
      #expect(throws: failure) {
        try AtomicFile.write(file) { handle in
          try Data("new".utf8).withUnsafeBytes { try handle.append($0) }
          throw failure
        }
      }
      #expect(try Data(contentsOf: file) == Data("old".utf8))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
      #expect(
        failure.sentence
          == "cannot write \(file.path): the disk is full; free space, then give the same command again, which goes on"
      )
    }
  }

  @Test func aFolderInThePlaceOfAFileIsNamed() throws {
    try Fixtures.temporaryFolder { folder in
      try AtomicFile.write(Data(), to: folder.appendingPathComponent("a"))
      let place = folder.appendingPathComponent("a/b")
      let error = #expect(throws: LetheError.self) { try Folder.make(place) }
      #expect(error?.kind == .disk)
      #expect(
        error?.sentence
          == "cannot write \(place.path): something else is in its place; remove it, or choose another folder"
      )
      #expect(throws: Never.self) { try Folder.make(folder.appendingPathComponent("c/d")) }
      #expect(throws: Never.self) { try Folder.make(folder.appendingPathComponent("c/d")) }
    }
  }
}

@Suite struct OptionBoundsTests {
  @Test func aNumberIsRoundedIntoItsRange() {
    #expect(Int(bounded: .nan, 2...9) == 2)
    #expect(Int(bounded: .infinity, 2...9) == 9)
    #expect(Int(bounded: -1e300, 2...9) == 2)
    #expect(Int(bounded: 4.6, 2...9) == 5)
  }

  private struct Options: Codable {
    struct Inner: Codable { var things = 3 }
    var inner = Inner()
    var seed: UInt64 = 1
    /// JSON writes it as 0.
    var weight = 0.0
  }

  @Test func wholeNumbersWithoutABoundAreCounts() throws {
    #expect(
      throws: LetheError.badValue(
        "--set", "'inner.things' is -1; accepted: a whole number from 0 to 1000000000")
    ) { try (["inner": ["things": -1]] as JSON).laid(over: Options(), in: "--set") }
    let laid = try (["weight": -1e-4, "seed": 18_446] as JSON).laid(over: Options(), in: "--set")
    #expect(laid.weight == -1e-4)
  }

  @Test func aKeyHasItsBoundWhereverItStands() {
    #expect(
      throws: LetheError.badValue(
        "x", "'a.training.batch' is 0; accepted: a whole number from 1 to 65536")
    ) {
      try OptionBounds.check(["a": ["training": ["batch": 0]]], whole: [], in: "x")
    }
  }
}
