import Foundation
import TestSupport
import Testing
import Torch

@Suite struct PathInsideTests {
  static let source = URL(fileURLWithPath: "/x/manifest.json")

  @Test(arguments: [
    "", ".", "..", "../x", "/etc/passwd", "a/b", "a\0b", String(repeating: "a", count: 201),
    String(repeating: "狐", count: 70),
  ]) func namesThatAreNoNameOfAFile(_ name: String) {
    let folder = URL(fileURLWithPath: "/x")
    let error = #expect(throws: LetheError.self) {
      try folder.inside(name, "caseNumber", of: Self.source)
    }
    #expect(error?.kind == .model)
    let sentence = error?.sentence ?? ""
    #expect(sentence.contains("manifest.json") && sentence.contains("caseNumber"))
    #expect(sentence.contains("accepted:"))
  }

  @Test(arguments: ["../x", "a/../../x", "/x", "a//b", "a/", "./a", "a/./b"])
  func foldersInNamesLeadNowhereElse(_ name: String) {
    #expect(throws: LetheError.self) {
      try URL(fileURLWithPath: "/x").inside(name, "file", of: Self.source, isNested: true)
    }
  }

  @Test func namesThatAreAccepted() throws {
    let folder = URL(fileURLWithPath: "/x")
    for name in ["fox-noto_0.png", "..png", "a b", "狐_0.png", "-_0.png"] {
      #expect(try folder.inside(name, "caseNumber", of: Self.source).path == "/x/\(name)")
    }
    let nested = try folder.inside("a/b.png", "file", of: Self.source, isNested: true)
    #expect(nested.path == "/x/a/b.png")
  }

  @Test func linksThatLeadOut() throws {
    try Fixtures.temporaryFolder { folder in
      let (files, own) = (FileManager.default, folder.appendingPathComponent("own"))
      try files.createDirectory(at: own, withIntermediateDirectories: true)
      try Data("secret".utf8).write(to: folder.appendingPathComponent("secret"))
      try Data("own".utf8).write(to: own.appendingPathComponent("file"))
      let links = [
        "out": "../secret", "dangling": "nowhere", "folder": "..", "in": "file",
      ]
      for (name, target) in links {
        try files.createSymbolicLink(
          atPath: own.appendingPathComponent(name).path, withDestinationPath: target)
      }
      for name in ["out", "dangling", "folder", "folder/secret"] {
        #expect(throws: LetheError.self, "\(name)") {
          try own.inside(name, "file", of: Self.source, isNested: true)
        }
      }
      _ = try own.inside("in", "file", of: Self.source)
      // Caches of hubs consist of such links.
      _ = try own.inside("out", "file", of: Self.source, followingLinks: true)
    }
  }

  /// A log is not written through a link, and no temporary file of an atomic write is.
  @Test func writesFollowNoLinks() throws {
    try Fixtures.temporaryFolder { folder in
      let victim = folder.appendingPathComponent("victim")
      try Data("precious".utf8).write(to: victim)
      for name in ["log", ".out.\(getpid()).tmp"] {
        try FileManager.default.createSymbolicLink(
          at: folder.appendingPathComponent(name), withDestinationURL: victim)
      }
      #expect(throws: LetheError.self) {
        try AppendedLine.write(Data("x\n".utf8), to: folder.appendingPathComponent("log"))
      }
      #expect(throws: LetheError.self) {
        try AtomicFile.write(Data("x".utf8), to: folder.appendingPathComponent("out"))
      }
      #expect(try Data(contentsOf: victim) == Data("precious".utf8))
      let log = folder.appendingPathComponent("events")
      for line in ["a\n", "b\n"] { try AppendedLine.write(Data(line.utf8), to: log) }
      #expect(try Data(contentsOf: log) == Data("a\nb\n".utf8))
    }
  }
}
