internal import Editing
package import Foundation
internal import Reports
internal import Torch

/// The README beside a model that was written. It names the model and the concepts that were taken out of it.
package struct ModelCard {
  private let model: ModelFolder
  private let erasers: [LaidEraser]

  package init(model: ModelFolder, erasers: [LaidEraser]) {
    (self.model, self.erasers) = (model, erasers)
  }

  var text: String {
    var lines = [
      "# \(model.name), edited", "",
      "Written by lethe \(Version.current) from the model '\(model.name)'. The licence of that model holds for this one.",
      "",
    ]
    if erasers.isEmpty {
      lines.append("Nothing was erased.")
    } else {
      lines += [
        Table.list(
          erasers,
          corner: [("erased", { $0.card.concepts.joined(separator: ", ") })],
          across: [
            ("method", { .init($0.card.method) }), ("strength", { .init("\($0.strength)") }),
            ("seed", { .init("\($0.card.seed)") }),
            ("made for the model", { .init(String($0.card.base.prefix(12))) }),
          ]
        ).markdown,
        "An erased concept can come back by other prompts or by training. `lethe attack` measures that.",
      ]
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static let name = "README.md"

  /// Whether a folder has this card, with the same erasers.
  package func isIn(_ folder: URL) -> Bool {
    let file = folder.appendingPathComponent(Self.name)
    return (try? InputFile.text(file)) == text && (try? LaidErasers(of: folder))?.erasers == erasers
  }

  /// Writes `README.md`, and the erasers for other commands.
  package func write(to folder: URL) throws {
    try LaidErasers(erasers).write(to: folder)
    try AtomicFile.write(Data(text.utf8), to: folder.appendingPathComponent(Self.name))
  }
}
