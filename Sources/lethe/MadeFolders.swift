import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folders that this command makes. Those that are empty when it fails go again.
enum MadeFolders {
  private static let paths = Mutex<[String]>([])

  /// Remembers those of a folder's parents, and itself, that are not there yet.
  static func expect(_ folder: URL) {
    var missing: [String] = []
    var place = folder.standardizedFileURL
    while place.path != "/", !FileManager.default.fileExists(atPath: place.path) {
      missing.append(place.path)
      place.deleteLastPathComponent()
    }
    paths.withLock { $0 += missing }
  }

  /// Removes the folders that have nothing in them.
  static func removeEmpty() {
    paths.withLock { paths in
      // The system refuses to remove a folder that has something in it.
      for path in paths { rmdir(path) }
      paths = []
    }
  }
}
