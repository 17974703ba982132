import Foundation
import TestSupport
import Testing
import Torch
import Training

@Suite struct FolderLockTests {
  @Test func oneAtATime() throws {
    try Fixtures.temporaryFolder { folder in
      let link = folder.appendingPathComponent("link")
      let own = folder.appendingPathComponent("own")
      let run = try Run(own)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: own)
      do {
        let lock = try FolderLock(own)
        for other in [own, link] {
          let error = #expect(throws: LetheError.self) { try FolderLock(other) }
          #expect(error?.kind == .disk && error?.sentence.contains(other.path) == true)
        }
        #expect(throws: LetheError.self) { try run.keepOthersOut() }
        withExtendedLifetime(lock) {}
      }
      try run.keepOthersOut()
      #expect(throws: LetheError.self) { try FolderLock(own) }
      // The lock leaves nothing in the folder.
      #expect(try FileManager.default.contentsOfDirectory(atPath: own.path).isEmpty)
    }
  }
}
