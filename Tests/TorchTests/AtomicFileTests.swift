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
      #expect(error?.sentence.contains("something else is in its place") == true)
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

  @Test func wholeNumbersWithoutABoundAreCounts() {
    let usual: JSON = ["things": 3, "seed": 1, "weight": 0.5]
    #expect(throws: LetheError.self) {
      try OptionBounds.check(["things": -1], usual, in: "--set")
    }
    #expect(throws: Never.self) {
      try OptionBounds.check(["seed": -1, "weight": -2], usual, in: "--set")
    }
  }

  @Test func aKeyHasItsBoundWhereverItStands() {
    #expect(
      throws: LetheError.badValue(
        "x", "'a.training.batch' is 0; accepted: a whole number from 1 to 65536")
    ) {
      try OptionBounds.check(["a": ["training": ["batch": 0]]], [:], in: "x")
    }
  }
}
