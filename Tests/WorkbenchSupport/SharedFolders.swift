package import Foundation
package import Processes
internal import TestSupport
internal import Torch

/// Folders that one process and several ranks write, compared byte for byte but for times.
package enum SharedFolders {
  /// Fields and rows that tell times and memory.
  private static let fields: Set = ["seconds", "date", "peakMemory"]
  private static let metrics: Set = ["seconds", "erase-seconds", "peak-memory"]

  private static func timeless(_ json: JSON) -> JSON {
    switch json {
    case .object(let members):
      .object(members.filter { !fields.contains($0.key) }.mapValues(timeless))
    case .array(let items):
      .array(
        items.filter { !metrics.contains($0["metric"]?.string ?? "") }.map(timeless))
    default: json
    }
  }

  /// The files of a folder by their path, without pages and without what tells the time.
  /// - Parameter unordered: files of lines that ranks write as they finish
  private static func files(_ folder: URL, unordered: Set<String>) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      let file = folder.appendingPathComponent(name)
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
      guard !isFolder.boolValue, !name.hasSuffix(".html"), !name.hasSuffix(".md") else { continue }
      let data = try Data(contentsOf: file)
      if name.hasSuffix("results.json") || name.hasSuffix("provenance.json") {
        found[name] = Data(timeless(try JSON(contentsOf: file)).pretty.utf8)
      } else if name.hasSuffix(".jsonl") {
        let text = String(decoding: data, as: UTF8.self)
          .replacing(#/"seconds":[^,}]*/#, with: "time")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let ordered = unordered.contains(name) ? lines.sorted() : lines
        found[name] = Data(ordered.joined(separator: "\n").utf8)
      } else {
        found[name] = data
      }
    }
    return found
  }

  /// Runs a command with one process and with several ranks.
  /// - Parameter command: writes a folder as one of some ranks
  /// - Returns: a sentence for each file that differs, and the number of files
  package static func differences(
    below folder: URL, _ counts: [Int], unordered: Set<String> = [],
    _ command: @escaping @Sendable (URL, Ranks) throws -> Void
  ) throws -> (found: [String], files: Int) {
    let one = folder.appendingPathComponent("out1")
    try command(one, .alone)
    let expected = try files(one, unordered: unordered)
    var differences: [String] = []
    for count in counts {
      let several = folder.appendingPathComponent("out\(count)")
      _ = try RanksInThreads.run(count) { try command(several, $0) }
      let found = try files(several, unordered: unordered)
      for name in Set(found.keys).union(expected.keys).sorted()
      where found[name] != expected[name] {
        let texts = [expected[name], found[name]].map {
          $0.map { String(decoding: $0.prefix(3000), as: UTF8.self) } ?? "no file"
        }
        differences.append("\(name), \(count) ranks: \(texts[0]) / \(texts[1])")
      }
    }
    return (differences, expected.count)
  }
}
