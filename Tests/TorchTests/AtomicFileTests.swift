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

  /// Pieces below, at and above the size that is gathered come out whole and in their order.
  @Test func piecesOfAnySize() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("a")
      let sizes = [0, 1, 3, 32_767, 32_768, 5, 32_769, 100_000, 2, 0, 31_000, 31_000, 7]
      let pieces = sizes.enumerated().map { i, size in
        Data((0..<size).map { UInt8(($0 * 31 + i * 7) % 256) })
      }
      try AtomicFile.write(file) { handle in
        for piece in pieces { try piece.withUnsafeBytes { try handle.append($0) } }
      }
      #expect(try Data(contentsOf: file) == pieces.reduce(Data(), +))
    }
  }

  /// A line that a full disk cut off is taken away by the next one, and bytes that are no lines are not.
  @Test func halfALine() throws {
    try Fixtures.temporaryFolder { folder in
      let log = folder.appendingPathComponent("log")
      let half = String(repeating: "x", count: 5000)
      for (before, after) in [
        ("a\n" + half, "a\nb\n"), (half, "b\n"), ("a\n", "a\nb\n"), ("\n", "\nb\n"), ("", "b\n"),
      ] {
        try Data(before.utf8).write(to: log)
        try AppendedLine.write(Data("b\n".utf8), to: log)
        #expect(try String(contentsOf: log, encoding: .utf8) == after)
      }
      try Data("a\nx".utf8).write(to: log)
      try AppendedLine.write(Data("b".utf8), to: log, areLines: false)
      #expect(try String(contentsOf: log, encoding: .utf8) == "a\nxb")
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
