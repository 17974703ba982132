// A request of `lethe erase` in a JSON file: the `job.json` of a run, or one that somebody wrote.
internal import Editing
package import Foundation
internal import Torch

extension EraseJob {
  /// The keys of a request.
  private static let keys = [
    "model", "additions", "method", "options", "concepts", "replacement", "replacementCaption",
    "wording", "preserve", "forgetImages", "retainImages", "holdsOutJudgedCaption", "seed",
    "command",
  ]

  /// Reads a request. Keys that it does not name have their defaults.
  /// - Returns: the request without options, and its options as `key=value`
  /// - Throws: ``LetheError`` of the kind `request` for a key that no request has, `model` for a file that cannot be read
  package static func read(_ file: URL) throws -> (job: EraseJob, options: [String]) {
    let given = try JSON(contentsOf: file)
    for key in (given.members ?? [:]).keys.sorted() where !keys.contains(key) {
      throw LetheError.unknown("key", key, known: keys, in: file.path)
    }
    var merged = try JSON(encoding: EraseJob()).members ?? [:]
    merged.merge(given.members ?? [:]) { $1 }
    merged["options"] = [:]
    let job: EraseJob = try Checked(.object(merged), file.path, .request).decoded()
    guard !job.model.isEmpty, !job.method.isEmpty else {
      throw LetheError.badValue(
        file.path, "'\(job.model.isEmpty ? "model" : "method")' is missing; a request names both")
    }
    return (job, settings(given["options"] ?? [:], []))
  }

  /// The leaves of an object as `a.b=value`. Null is no value.
  private static func settings(_ value: JSON, _ path: [String]) -> [String] {
    if let members = value.members, !members.isEmpty || path.isEmpty {
      return members.sorted { $0.key < $1.key }.flatMap { settings($0.value, path + [$0.key]) }
    }
    return value == .null ? [] : ["\(path.joined(separator: "."))=\(value.compact)"]
  }
}
