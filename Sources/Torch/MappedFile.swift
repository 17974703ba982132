public import Foundation

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
    let descriptor = open(file.path, O_RDONLY)
    guard descriptor >= 0 else {
      throw FileError.unreadable(file, String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw FileError.unreadable(file, "it is not a regular file")
    }
    count = Int(status.st_size)
    guard count > 0 else { throw FileError.unreadable(file, "it is empty") }
    let mapped = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0)
    guard let mapped, mapped != MAP_FAILED else {
      throw FileError.unreadable(file, String(cString: strerror(errno)))
    }
    base = mapped
  }

  deinit { munmap(base, count) }
}

public enum FileError: Error, CustomStringConvertible {
  case unreadable(URL, String)
  case unwritable(URL, String)
  case malformed(URL, String)
  case pickle(URL)

  public var description: String {
    switch self {
    case .unreadable(let file, let why): "cannot read \(file.path): \(why)"
    case .unwritable(let file, let why): "cannot write \(file.path): \(why)"
    case .malformed(let file, let why): "\(file.path) is damaged or hostile: \(why)"
    case .pickle(let file):
      "\(file.path) is a pickle file, and unpickling runs code that the file brings; convert it to "
        + "safetensors where you trust it: python -c \"import torch, safetensors.torch as s; "
        + "s.save_file(torch.load('\(file.lastPathComponent)', weights_only=True), 'model.safetensors')\""
    }
  }
}
