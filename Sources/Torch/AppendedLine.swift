package import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Lines at the end of a log, each written at once.
package enum AppendedLine {
  /// Appends bytes to a file, which is made where there is none. A link in its place is not followed.
  /// - Throws: ``LetheError`` of the kind `disk`
  package static func write(_ line: Data, to file: URL) throws {
    guard WriteTurn.isMine else { return }
    func refused() -> LetheError { .unwritable(file, errno: errno) }
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    let descriptor = open(file.path, flags, 0o644)
    guard descriptor >= 0 else { throw refused() }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw LetheError.unwritable(file, "it is not a regular file")
    }
    try line.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = posixWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest))
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw refused() }
        rest = rest.dropFirst(written)
      }
    }
  }
}

/// `write(2)`, whose name the type above uses for something else.
private func posixWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}
