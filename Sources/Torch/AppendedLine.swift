package import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Lines at the end of a log, each written at once.
package enum AppendedLine {
  /// Appends bytes to a file, which is made where there is none. A link in its place is not followed. The part of a
  /// line that a full disk or a kill left at the end is taken away, so that it does not spoil this one.
  /// - Parameter areLines: false for a file of bytes, whose end is left as it is
  /// - Throws: ``LetheError`` of the kind `disk`
  package static func write(_ line: Data, to file: URL, areLines: Bool = true) throws {
    guard WriteTurn.isMine else { return }
    func refused() -> LetheError { .unwritable(file, errno: errno) }
    let flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    let descriptor = open(file.path, flags, 0o644)
    guard descriptor >= 0 else { throw refused() }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw LetheError.unwritable(file, "it is not a regular file")
    }
    let size = Int(status.st_size)
    let end = areLines ? wholeLines(descriptor, size) : size
    guard end == size || ftruncate(descriptor, off_t(end)) == 0 else { throw refused() }
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

/// The number of bytes up to the end of the last whole line of a file of `size` bytes; `size` where they cannot be
/// read.
private func wholeLines(_ descriptor: Int32, _ size: Int) -> Int {
  var (end, part) = (size, [UInt8](repeating: 0, count: 1))
  while end > 0 {
    let count = min(part.count, end)
    guard pread(descriptor, &part, count, off_t(end - count)) == count else { return size }
    if let last = part[..<count].lastIndex(of: UInt8(ascii: "\n")) { return end - count + last + 1 }
    end -= count
    part = [UInt8](repeating: 0, count: 4096)
  }
  return 0
}

/// `write(2)`, whose name the type above uses for something else.
private func posixWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}
