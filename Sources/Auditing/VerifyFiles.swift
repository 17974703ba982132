// Files in an audit's folder that the audit did not make. Nothing vouches for them, and no number rests on them.
internal import Evaluation
internal import Foundation
internal import Workbench

extension Verify {
  /// Names that an audit gives to its files beside pictures and logs, whose names stand in results.json.
  private static let names: Set<String> = [
    "results.json", "results.md", "results.csv", "report.html", "README.md", "prompts.json",
    "judges.json", "identity.json", "samples.jsonl", "times.jsonl", "original/manifest.json",
    "erased/manifest.json", "attack/results.md", "attack/report.html", "relearn/results.md",
    "relearn/report.html",
  ]
  /// Folders of which nothing is shown: the sum of several erasers, and statistics of pictures, which are computed again.
  private static let folders = ["combined", "statistics"]

  /// The files that are neither the audit's nor hidden, by their place in the folder.
  func extra(beside audit: AuditSummary) -> [String] {
    let own = Self.names.union(audit.pictures.keys).union(audit.files?.keys ?? [:].keys)
    // Logs without a hash are faults, and named as such.
    let logs = Set(Audit.logs(in: folder))
    let all = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
    return all.filter { name in
      let parts = name.split(separator: "/")
      guard !own.contains(name), !logs.contains(name),
        !parts.contains(where: { $0.hasPrefix(".") }),
        parts.count == 1 || !Self.folders.contains(String(parts[0]))
      else { return false }
      var isFolder: ObjCBool = false
      let isThere = FileManager.default.fileExists(
        atPath: folder.file(name).path, isDirectory: &isFolder)
      return !isThere || !isFolder.boolValue
    }.sorted()
  }
}
