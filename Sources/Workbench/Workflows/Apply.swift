internal import Diffusion
// `lethe apply`: erasers laid on a model for good.
internal import Editing
package import Foundation
package import Torch
internal import Training

package struct Apply {
  private let folder: URL
  private let erasers: [String]
  private let set: String?
  private let active: [String]?
  private let plugIn: String?

  /// - Parameter plugIn: a run whose erased text encoder takes the place of the model's own
  package init(
    _ folder: URL, erasers: [String], set: String?, active: [String]?, plugIn: String? = nil
  ) {
    (self.folder, self.erasers, self.set) = (folder, erasers, set)
    (self.active, self.plugIn) = (active, plugIn)
  }

  /// Writes base + sum of the erasers, as a model folder, a LoRA file or both.
  /// - Returns: what was laid on, and what the LoRA file left out
  package func callAsFunction(
    to out: URL?, lora: URL?, rank: Int?, half: Bool, on device: Device
  ) throws -> (erasers: [String], lora: (error: Double, rank: Int)?) {
    let base = try DiffusionModel.load(folder, on: device)
    var names: [String] = []
    var difference = ParameterVector.zero
    let own = base.hash()
    for file in erasers {
      let eraser = try Eraser(
        contentsOf: ModelReference.eraser(URL(fileURLWithPath: file)))
      try eraser.check(base: own)
      difference = difference + eraser.difference
      names += eraser.card.concepts
    }
    if let set {
      let erasers = try EraserSet(URL(fileURLWithPath: set))
      try erasers.checkBase(base)
      let on = try erasers.active(active)
      difference = difference + (try erasers.difference(on))
      names += on
    }
    var target = base
    if let plugIn {
      guard lora == nil else {
        throw LetheError.badValue(
          "--lora", "a text encoder is plugged in whole; give --out alone")
      }
      let plug = try PlugIn(URL(fileURLWithPath: plugIn))
      target = try plug(into: base, on: device)
      names += plug.eraser.card.concepts
    }
    if let out {
      try target.applying(difference).save(to: out, dtype: half ? .float16 : .float32)
      try Themes.copy(from: folder, to: out)
    }
    return (names, try lora.map { try difference.writeLoRA(to: $0, rank: rank) })
  }
}
