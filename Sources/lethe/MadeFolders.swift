import Attacks
import Foundation
import Synchronization
import Torch
import Workbench

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folders that a command makes. Those that are empty when it fails go again. Where the command was refused, the
/// record of its request goes too, so that another request may have the folder, and a run is as it was.
struct MadeFolders {
  /// Those of this process's command.
  private static let own = Mutex(MadeFolders())

  /// ``expect(_:)`` for this process's command.
  static func expect(_ folder: URL) { own.withLock { $0.expect(folder) } }

  /// Leaves all folders as they are: another process works in one that this process made, and has written nothing yet.
  static func leave() { own.withLock { $0 = MadeFolders() } }

  /// Tells of a file that this process's command makes of others at once, such as the sum of erasers.
  static func derive(_ name: String) { own.withLock { _ = $0.derived.insert(name) } }

  /// ``removeEmpty(isRefused:)`` for this process's command, which failed with an error.
  static func removeEmpty(after error: any Error) {
    own.withLock { $0.removeEmpty(isRefused: isRefusal(error)) }
  }

  /// Names of files that the command makes of others at once, and would make again.
  private var derived: Set<String> = []
  private var paths: [String] = []
  /// Folders of runs, with the names that were in them, and in folders of them, when the command began.
  private var before: [(folder: URL, names: Set<String>)] = []
  /// Files that say whose a folder is, or list what is to be drawn. Nothing in them was computed.
  private static let records: Set<String> = [
    "identity.json", "job.json", "prompts.json", "judges.json", "options.json", "manifest.json",
    ".lock",
  ]

  /// Whether a file is a record, as are the options of an attack beside its log.
  private func isRecord(_ file: URL) -> Bool {
    let name = file.lastPathComponent
    return Self.records.contains(name) || derived.contains(name)
      || file.deletingLastPathComponent().lastPathComponent == "attack"
        && LetheProgram.catalogs.attacks.names.contains { "\($0).json" == name }
  }

  /// Remembers those of a folder's parents, and itself, that are not there yet.
  mutating func expect(_ folder: URL) {
    var place = folder.standardizedFileURL
    while place.path != "/", !FileManager.default.fileExists(atPath: place.path) {
      paths.append(place.path)
      place.deleteLastPathComponent()
    }
    before.append((folder, Self.names(in: folder)))
  }

  /// Files and folders in a folder, and in the folders there.
  private static func names(in folder: URL) -> Set<String> {
    func inside(_ place: URL) -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
    }
    let names = inside(folder)
    return Set(
      names
        + names.flatMap { name in
          inside(folder.appendingPathComponent(name)).map { "\(name)/\($0)" }
        })
  }

  /// Removes the folders that have nothing in them.
  /// - Parameter isRefused: whether the request was refused, and not cut off: then a folder that the command has put nothing
  ///   into but records of the request loses these
  mutating func removeEmpty(isRefused: Bool) {
    for (folder, names) in before where isRefused {
      // The contents of a new folder come with it.
      let new = Self.names(in: folder).subtracting(names).filter { name in
        name.firstIndex(of: "/").map { names.contains(String(name[..<$0])) } ?? true
      }.map(folder.appendingPathComponent)
      let all = new + new.flatMap(Self.entries)
      let files = all.filter { !Self.isFolder($0) }
      guard files.allSatisfy(isRecord) else { continue }
      for file in files { unlink(file.path) }
      for place in all.filter(Self.isFolder).sorted(by: { $0.path.count > $1.path.count }) {
        rmdir(place.path)
      }
    }
    // The system refuses to remove a folder that has something in it.
    for path in paths { rmdir(path) }
    (paths, before) = ([], [])
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
