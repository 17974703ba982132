internal import Evaluation
package import Foundation
internal import Torch
package import Training
internal import Workbench

extension Evaluate {
  /// Copies the original's pictures from another run in `folder` that drew the same prompts by the same model. Runs on one concept
  /// are then compared with the same pictures.
  /// - Parameter base: the hash of the model; nil where all runs of the folder have this one
  package func shareOriginal(of part: Run, in folder: URL, base: String? = nil) throws {
    let files = FileManager.default
    let own = part.file("original")
    guard !files.fileExists(atPath: own.path) else { return }
    let folders =
      (try? files.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    for other in folders.map({ $0.appendingPathComponent("original") })
    where other.deletingLastPathComponent().lastPathComponent != part.folder.lastPathComponent {
      guard let set = try? SampleSet(other), set.manifest.samples == samples,
        set.manifest.sampling == options.sampling, base == nil || set.manifest.model == base,
        try set.missing.isEmpty
      else { continue }
      // A copy that is cut off has another name, and is swept at the next start.
      let half = part.file(".original.\(ProcessInfo.processInfo.processIdentifier).tmp")
      do {
        try files.copyItem(at: other, to: half)
        try files.moveItem(at: half, to: own)
      } catch {
        try? files.removeItem(at: half)
        throw LetheError.unwritable(
          own,
          "the pictures of \(other.path) cannot be copied there; free space or choose another folder"
        )
      }
      if base != nil {
        part.note(
          "the original's pictures are those of \(other.deletingLastPathComponent().lastPathComponent)"
        )
      }
      return
    }
  }
}
