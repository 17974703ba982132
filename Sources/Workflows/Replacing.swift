internal import Evaluation
internal import Foundation
internal import Torch
internal import Workbench

extension Evaluate {
  /// Refuses to replace the results of another evaluation.
  /// - Throws: ``LetheError`` of the kind `request` that says what differs
  func refuseReplacing(in folder: RunFolder) throws {
    guard folder.has("results.json") else { return }
    let old = try folder.results()
    var others: [String] = []
    if old.quick != options.quick { others.append(old.quick ? "a quick one" : "a full one") }
    if old.sampling != options.sampling { others.append(old.drawing) }
    // A list of prompts may have fewer pictures of each than the options would draw.
    if ![options.seeds, suite.seeds].contains(old.seeds) {
      others.append("\(old.seeds.counted("picture")) of a prompt")
    }
    let before = old.judges.map(\.spec)
    if !before.isEmpty, before != judges {
      others.append("judged by \(before.map(\.description).joined(separator: ", "))")
    }
    guard !others.isEmpty else { return }
    throw LetheError.badValue(
      "--overwrite",
      "\(folder.file("results.json").path) has the results of another evaluation (\(others.joined(separator: "; "))); "
        + "give --overwrite to replace them and their pictures")
  }
}
