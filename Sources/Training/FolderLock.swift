package import Foundation
internal import Torch

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The right of one process to work in a folder. The system releases it when the process ends, also after a kill.
///
/// It is a lock on the folder itself and leaves no file; where the file system has none for folders, it is one on a
/// file `.lock` in it.
package final class FolderLock: Sendable {
  private let descriptor: Int32

  /// - Throws: ``LetheError`` of the kind `disk` while another process works in the folder
  package init(_ folder: URL) throws {
    func refused(_ why: String) -> LetheError { .unwritable(folder, why) }
    let own = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard own >= 0 else { throw refused(String(cString: strerror(errno))) }
    var found = Self.lock(own) ? own : nil
    if found == nil, errno != EWOULDBLOCK {
      close(own)
      let file = folder.appendingPathComponent(".lock").path
      let other = open(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o644)
      guard other >= 0 else { throw refused(String(cString: strerror(errno))) }
      // A file system without any locks is used without.
      found = Self.lock(other) || errno != EWOULDBLOCK ? other : nil
      if found == nil { close(other) }
    } else if found == nil {
      close(own)
    }
    guard let found else {
      throw refused("another process works in it; wait until it ends, or choose another folder")
    }
    descriptor = found
  }

  private static func lock(_ descriptor: Int32) -> Bool {
    flock(descriptor, LOCK_EX | LOCK_NB) == 0
  }

  deinit { close(descriptor) }
}
