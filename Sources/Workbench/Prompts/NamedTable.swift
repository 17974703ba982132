// Tables of prompts that a command line names.
internal import Foundation
internal import Torch
package import Training

extension PromptTable {
  /// Reads a table of prompts that a person names.
  /// - Parameter option: the option that names it
  /// - Throws: ``LetheError`` of the kind `request` for a path that leads to no file, `model` for a file that is no
  ///   table
  package init(named path: String, _ option: String = "--prompts") throws {
    try NamedPlace.requireFile(
      path, option,
      "a CSV or JSONL file of prompts"
        + (option == "--prompts"
          ? ", or one of \(NamedPrompts.all.map(\.name).joined(separator: ", "))" : ""))
    try self.init(contentsOf: path.filePlace)
  }
}
