internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A file mapped into memory, private to this process: writing to a tensor over it never reaches the disk.
final class MappedFile {
  let base: UnsafeMutableRawPointer
  let count: Int

  init(_ file: URL) throws {
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

  deinit { munmap(base, count) }
}
