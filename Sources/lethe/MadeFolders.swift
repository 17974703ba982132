import Foundation
import Synchronization
import Torch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folders that a command makes. Those that are empty when it fails go again. Where the command was refused, the
/// record of its request goes too, so that another request may have the folder.
struct MadeFolders {
  /// Those of this process's command.
  private static let own = Mutex(MadeFolders())

  /// ``expect(_:)`` for this process's command.
  static func expect(_ folder: URL) { own.withLock { $0.expect(folder) } }

  /// Leaves all folders as they are: another process works in one that this process made, and has written nothing yet.
  static func leave() { own.withLock { $0 = MadeFolders() } }

  /// ``removeEmpty(isRefused:)`` for this process's command, which failed with an error.
  static func removeEmpty(after error: any Error) {
    own.withLock { $0.removeEmpty(isRefused: isRefusal(error)) }
  }

  private var paths: [String] = []
  /// Folders of runs that had no files when the command began.
  private var fresh: [URL] = []
  /// Files that say whose a folder is. Nothing in them was computed.
  private static let records: Set<String> = [
    "identity.json", "job.json", "prompts.json", "judges.json", "options.json", ".lock",
  ]

  /// Remembers those of a folder's parents, and itself, that are not there yet.
  mutating func expect(_ folder: URL) {
    var place = folder.standardizedFileURL
    while place.path != "/", !FileManager.default.fileExists(atPath: place.path) {
      paths.append(place.path)
      place.deleteLastPathComponent()
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    if names.isEmpty { fresh.append(folder) }
  }

  /// Removes the folders that have nothing in them.
  /// - Parameter isRefused: whether the request was refused, and not cut off: then a folder that was empty before, and
  ///   has nothing but records of the request, is emptied
  mutating func removeEmpty(isRefused: Bool) {
    for folder in fresh where isRefused {
      let all = Self.entries(in: folder)
      let files = all.filter { !Self.isFolder($0) }
      guard files.allSatisfy({ Self.records.contains($0.lastPathComponent) }) else { continue }
      for file in files { unlink(file.path) }
      for place in all.filter(Self.isFolder).sorted(by: { $0.path.count > $1.path.count }) {
        rmdir(place.path)
      }
    }
    // The system refuses to remove a folder that has something in it.
    for path in paths { rmdir(path) }
    (paths, fresh) = ([], [])
  }

  /// Whether an error says that the request, or a file of it, is not accepted.
  static func isRefusal(_ error: any Error) -> Bool {
    [.request, .model].contains((error as? LetheError)?.kind)
  }

  /// Files and folders in a folder, at any depth.
  private static func entries(in folder: URL) -> [URL] {
    ((try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []).map(
      folder.appendingPathComponent)
  }

  private static func isFolder(_ place: URL) -> Bool {
    (try? place.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
  }
}
