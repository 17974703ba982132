package import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Files that may come from strangers. They are opened here and nowhere else: a pipe or a device is refused before it
/// is read, and so is a file beyond a limit.
package enum InputFile {
  /// Opens a regular file.
  /// - Returns: its descriptor, which the caller closes, and its size in bytes
  /// - Throws: ``LetheError`` of the kind `model`
  package static func open(_ file: URL) throws -> (descriptor: Int32, size: Int) {
    // A pipe that nobody writes to is opened at once, and refused.
    let descriptor = posixOpen(file.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      let code = errno
      let target = code == ENOENT ? link(file) : nil
      throw LetheError.unreadable(
        file, target.map { "it is a link to \($0), which does not exist" } ?? reason(code))
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let size = Int(exactly: status.st_size)
    else {
      close(descriptor)
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw LetheError.unreadable(
        file, isFolder ? "it is a folder; accepted: a file" : "it is not a regular file")
    }
    return (descriptor, size)
  }

  /// The place that a link leads to; nil for what is no link.
  private static func link(_ file: URL) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: file.path)
  }

  /// Whether a folder has an entry of this name: a file, or a link, even one that leads nowhere.
  package static func isListed(_ file: URL) -> Bool {
    FileManager.default.fileExists(atPath: file.path) || link(file) != nil
  }

  /// The whole of a file.
  /// - Throws: ``LetheError`` of the kind `model` for what is no regular file, cannot be read or exceeds the limit
  package static func data(_ file: URL, _ limit: Limit) throws -> Data {
    let (descriptor, size) = try open(file)
    defer { close(descriptor) }
    try limit.check(size, file)
    var data = Data(count: size)
    var filled = 0
    while filled < size {
      let count = data.withUnsafeMutableBytes { bytes in
        read(descriptor, bytes.baseAddress?.advanced(by: filled), size - filled)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw LetheError.unreadable(file, reason(errno)) }
      if count == 0 { break }
      filled += count
    }
    try data.withUnsafeBytes { try refusePointer($0, file) }
    // A file that another process cuts meanwhile is as long as it was found to be.
    return filled == size ? data : Data(data.prefix(filled))
  }

  /// - Throws: ``LetheError`` of the kind `model` for the line that Git LFS puts in a file's place
  static func refusePointer(_ bytes: UnsafeRawBufferPointer, _ file: URL) throws {
    guard bytes.starts(with: "version https://git-lfs".utf8) else { return }
    throw LetheError.model(
      "\(file.path) is a Git LFS pointer in the place of the file; run `git lfs pull` in its repository"
    )
  }

  /// The bytes that a file has.
  /// - Throws: ``LetheError`` of the kind `model` for what is no regular file
  package static func size(_ file: URL) throws -> Int {
    let (descriptor, size) = try open(file)
    close(descriptor)
    return size
  }

  /// The text of a file.
  /// - Throws: ``LetheError`` of the kind `model`, also for bytes that are no UTF-8
  package static func text(_ file: URL) throws -> String {
    let data = try data(file, .text)
    guard let text = String(data: data, encoding: .utf8) else {
      let damaged = LetheError.malformed(file, "it is no UTF-8 text")
      // Its first bytes may be a text, and later ones none.
      guard FileKind.words(data) != "a text" else { throw damaged }
      throw LetheError.strange(file, data, accepted: "a text in UTF-8", else: damaged)
    }
    return text
  }

  /// The first bytes of a file.
  /// - Throws: ``LetheError`` of the kind `model`
  package static func beginning(_ file: URL, _ count: Int) throws -> [UInt8] {
    let (descriptor, _) = try open(file)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: count)
    let found = read(descriptor, &bytes, count)
    guard found >= 0 else { throw LetheError.unreadable(file, reason(errno)) }
    return Array(bytes.prefix(found))
  }

  private static func reason(_ code: Int32) -> String {
    code == ENOENT ? "it does not exist" : String(cString: strerror(code))
  }
}

/// `open(2)`, whose name the type above uses for something else.
private func posixOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags) }
