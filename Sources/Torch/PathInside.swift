// Names that stand in files, such as those of pictures in a manifest, come from strangers. They become paths here and
// nowhere else.
package import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension URL {
  /// The longest name in bytes. File systems take 255; an atomic write puts a dozen more around a name.
  static let longestName = 200

  /// The place of a name that stands in a file, inside this folder.
  ///
  /// Data sets and models that a hub's cache keeps consist of links to files elsewhere, which are only read; they ask
  /// for `followingLinks`.
  /// - Parameters:
  ///   - name: a file's name, e.g. `fox_0.png`
  ///   - key: the key that the name stands under, for the message
  ///   - source: the file that the name stands in, for the message
  ///   - isNested: whether names of folders may come before the file's, separated by `/`
  ///   - followingLinks: whether symbolic links may lead out of the folder
  /// - Throws: ``LetheError`` of the kind `model` for a name that leads elsewhere
  package func inside(
    _ name: String, _ key: String, of source: URL, isNested: Bool = false,
    followingLinks: Bool = false
  ) throws -> URL {
    func refused(_ why: String) -> LetheError {
      .malformed(
        source,
        "\(key) is '\(name.prefix(300))', \(why); accepted: a name of at most \(Self.longestName) bytes"
          + (isNested ? " inside \(path), folders separated by '/'" : " without '/'"))
    }
    let parts =
      isNested ? name.split(separator: "/", omittingEmptySubsequences: false) : [name[...]]
    var place = self
    for part in parts {
      guard !part.isEmpty, part != ".", part != "..", !part.contains("/"),
        !part.utf8.contains(0)
      else { throw refused("which is no name of a file") }
      guard part.utf8.count <= Self.longestName else { throw refused("which is too long") }
      place = place.appendingPathComponent(String(part), isDirectory: false)
      if !followingLinks, place.isLink, !place.leadsInto(self) {
        throw refused("a link that leads out of \(path)")
      }
    }
    return place
  }

  private var isLink: Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// Whether links at the end of the path lead to something that is there and lies in `folder`.
  private func leadsInto(_ folder: URL) -> Bool {
    guard let own = realPath, let other = folder.realPath else { return false }
    return own.hasPrefix(other.hasSuffix("/") ? other : other + "/")
  }

  /// The path without links; nil for what is not there.
  private var realPath: String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
  }
}
