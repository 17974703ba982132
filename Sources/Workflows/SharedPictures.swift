internal import Evaluation
internal import Foundation
internal import Torch
package import Training
internal import Workbench

extension Evaluate {
  /// Copies the original's pictures from another run in `folder` that drew the same prompts. Methods on one concept
  /// are then compared with the same pictures.
  package func shareOriginal(of part: Run, in folder: Run) throws {
    let files = FileManager.default
    let own = part.file("original")
    guard !files.fileExists(atPath: own.path) else { return }
    let folders =
      (try? files.contentsOfDirectory(at: folder.folder, includingPropertiesForKeys: nil)) ?? []
    for other in folders.map({ $0.appendingPathComponent("original") })
    where other.deletingLastPathComponent() != part.folder {
      guard let set = try? SampleSet(other), set.manifest.samples == samples,
        set.manifest.sampling == options.sampling, try set.missing.isEmpty
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
      return
    }
  }
}
