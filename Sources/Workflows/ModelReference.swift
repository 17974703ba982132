package import Diffusion
package import Editing
internal import Foundation
package import Torch
package import Workbench

/// A model folder and the erasers to add to it.
package struct ModelReference: Codable, Sendable, Hashable {
  package var folder: String
  /// Files that are added to the model's own weights, or stand for some of them; nil for none.
  package var additions: ModelAdditions?
  /// Eraser files, or folders of runs.
  package var erasers: [String]
  /// The folder of a set of erasers, which are chosen for each prompt. ``EraserSet`` reads it.
  package var set: String?
  /// The erasers of the set that are on. Nil takes the set's own switches.
  package var active: [String]?

  package init(
    _ folder: ModelFolder, erasers: [String] = [], set: String? = nil, active: [String]? = nil
  ) {
    self.init(folder.path, erasers: erasers, set: set, active: active)
    additions = folder.additions == ModelAdditions() ? nil : folder.additions
  }

  package init(
    _ folder: String, erasers: [String] = [], set: String? = nil, active: [String]? = nil
  ) {
    (self.folder, self.erasers, self.set, self.active) = (folder, erasers, set, active)
  }

  /// The set of erasers; nil where none is named.
  /// - Throws: ``LetheError`` for a folder that holds none
  func eraserSet() throws -> EraserSet? {
    try set.map { try EraserSet($0.filePlace) }
  }

  /// The class of the model's pipeline; empty for a single file.
  var pipeline: String {
    let index = ModelFolder(folder).file("model_index.json")
    return (try? JSON(contentsOf: index))?["_class_name"]?.string ?? ""
  }

  /// - Returns: the model with the erasers laid on it, ``DiffusionModel/hash()`` without them, and ``Eraser/hash()`` of
  ///   each
  package func load(
    on device: Device
  ) throws -> (model: DiffusionModel, base: String, erasers: [String]) {
    let model = try ModelFolder(folder, additions ?? ModelAdditions()).model(on: device)
    let (base, laid) = (model.hash(), try erasers.map(RunFolder.eraser(at:)))
    let edited = try laid.isEmpty ? model : model.applying(model.sum(of: laid, base: base))
    return (edited, base, try laid.map { try $0.hash() })
  }
}
