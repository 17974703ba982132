package import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Writes a file so that its name holds either the old content or all of the new:
/// temporary file in the same folder, fsync, rename, fsync of the folder.
package struct AtomicFile {
  private let target: URL
  private let temporary: URL
  private let descriptor: Int32

  private init(_ target: URL) throws {
    self.target = target
    temporary = target.deletingLastPathComponent().appendingPathComponent(
      ".\(target.lastPathComponent).\(getpid()).tmp")
    // A link that somebody put in its place is not followed.
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
    descriptor = open(temporary.path, flags, 0o644)
    guard descriptor >= 0 else {
      throw LetheError.unwritable(target, errno: errno)
    }
  }

  /// Streams `body`'s writes into `file`, which keeps its old content when `body` throws.
  /// - Parameter durable: whether the file is to outlive a power cut
  package static func write(
    _ file: URL, durable: Bool = true, _ body: (borrowing AtomicFile) throws -> Void
  ) throws {
    guard WriteTurn.isMine else { return }
    let handle = try AtomicFile(file)
    do {
      try body(handle)
      guard !durable || fsync(handle.descriptor) == 0 else { throw handle.failure }
      guard rename(handle.temporary.path, file.path) == 0 else { throw handle.failure }
    } catch {
      close(handle.descriptor)
      unlink(handle.temporary.path)
      throw error
    }
    close(handle.descriptor)
    guard durable else { return }
    let folder = open(file.deletingLastPathComponent().path, O_RDONLY)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }

  package static func write(_ data: Data, to file: URL) throws {
    try write(file) { handle in try data.withUnsafeBytes { try handle.append($0) } }
  }

  package func append(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
      let written = posixWrite(descriptor, rest.baseAddress, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw failure
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  private var failure: LetheError { .unwritable(target, errno: errno) }

  /// Removes what processes that ended in a write have left in a folder and below it: `.NAME.PID.tmp`, where no process
  /// PID is there any more.
  package static func sweep(_ folder: URL) {
    let names = FileManager.default.enumerator(atPath: folder.path)
    while let name = names?.nextObject() as? String {
      guard name.hasSuffix(".tmp"),
        let own = name.split(separator: "/").last?.wholeMatch(of: /\..+\.([0-9]{1,10})\.tmp/),
        let process = pid_t(own.1), process != getpid(), kill(process, 0) != 0, errno == ESRCH
      else { continue }
      try? FileManager.default.removeItem(atPath: folder.appendingPathComponent(name).path)
    }
  }
}

/// `write(2)`, whose name the type above uses for something else.
private func posixWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
