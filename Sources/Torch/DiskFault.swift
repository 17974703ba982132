package import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension LetheError {
  /// A write that the system refused: the file, the reason and the next step.
  /// - Parameter code: `errno`
  package static func unwritable(_ file: URL, errno code: Int32) -> LetheError {
    let (reason, step): (String, String) =
      switch code {
      case ENOSPC, EDQUOT:
        ("the disk is full", "free space, then give the same command again, which goes on")
      case EROFS: ("the file system is read-only", "choose a folder elsewhere")
      case EACCES, EPERM: ("you may not write there", "choose a folder of your own")
      case EIO: ("the disk reports an error", "check the disk, or choose a folder elsewhere")
      case ELOOP, ENOTDIR, EISDIR, EEXIST:
        ("something else is in its place", "remove it, or choose another folder")
      case EFBIG:
        ("files of its size are not allowed", "raise the limit (ulimit -f), or choose another disk")
      case ENAMETOOLONG: ("its name is too long", "choose a shorter one")
      case EMFILE, ENFILE: ("too many files are open", "end other programs, then try again")
      default: (String(cString: strerror(code)), "choose another folder")
      }
    return .unwritable(file, "\(reason); \(step)")
  }
}

/// Folders, made with the system's own reasons.
package enum Folder {
  /// Makes a folder and those above it.
  /// - Throws: ``LetheError`` of the kind `disk`
  package static func make(_ folder: URL) throws {
    let code = made(folder)
    guard code == 0 else { throw LetheError.unwritable(folder, errno: code) }
  }

  /// Finds whether a folder can be written to, or made where it is not there yet, as ``make(_:)`` and a write would find.
  /// Nothing stays behind.
  /// - Throws: ``LetheError`` of the kind `disk`
  package static func requireWritable(_ folder: URL) throws {
    var place = folder
    while !isThere(place), place.path != "/" {
      // A file, or a link that leads nowhere, is in the folder's place.
      var status = stat()
      guard lstat(place.path, &status) != 0 else {
        throw LetheError.unwritable(folder, errno: ENOTDIR)
      }
      guard errno == ENOENT else { throw LetheError.unwritable(folder, errno: errno) }
      place = place.deletingLastPathComponent()
    }
    var name = Array("\(place.path)/.lethe-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else { throw LetheError.unwritable(folder, errno: errno) }
    rmdir(name)
  }

  /// - Returns: `errno`; 0 where the folder is there
  private static func made(_ folder: URL) -> Int32 {
    if isThere(folder) { return 0 }
    let parent = folder.deletingLastPathComponent()
    if parent.path != folder.path, !isThere(parent) {
      let code = made(parent)
      guard code == 0 else { return code }
    }
    if mkdir(folder.path, 0o755) == 0 { return 0 }
    let code = errno
    return code == EEXIST && isThere(folder) ? 0 : code
  }

  private static func isThere(_ folder: URL) -> Bool {
    var status = stat()
    return stat(folder.path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
