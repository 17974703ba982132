package import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A file mapped into memory, private to this process: writing to a tensor over it never reaches the disk.
package final class MappedFile {
  let base: UnsafeMutableRawPointer
  let count: Int

  /// - Throws: ``LetheError`` of the kind `model` for a file that is empty or cannot be read
  package init(_ file: URL) throws {
    let (descriptor, size) = try InputFile.open(file)
    defer { close(descriptor) }
    count = size
    guard count > 0 else { throw LetheError.unreadable(file, "it is empty") }
    let mapped = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0)
    guard let mapped, mapped != MAP_FAILED else {
      throw LetheError.unreadable(file, String(cString: strerror(errno)))
    }
    base = mapped
  }

  /// The file's bytes, for as long as this object is there.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  deinit { munmap(base, count) }
}
