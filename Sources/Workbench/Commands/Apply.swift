// `lethe apply`: a model with erasers added to its weights.
internal import Diffusion
internal import Editing
public import Foundation
public import Torch
internal import Training

/// The command `lethe apply`.
public struct Apply {
  private let model: ModelFolder
  private let erasers: [String]
  private let set: String?
  private let active: [String]?
  private let plugIn: String?

  /// - Parameters:
  ///   - erasers: eraser files, or folders of runs
  ///   - set: the folder of a set of erasers
  ///   - active: the erasers of the set to add; nil takes those that are switched on
  ///   - plugIn: a run whose erased text encoder replaces the model's own
  public init(
    _ model: ModelFolder, erasers: [String], set: String?, active: [String]?,
    plugIn: String? = nil
  ) {
    (self.model, self.erasers, self.set) = (model, erasers, set)
    (self.active, self.plugIn) = (active, plugIn)
  }

  /// Writes base + sum of the erasers as a model folder, a LoRA file or both.
  /// - Returns: the concepts of the added erasers, and the LoRA file's largest relative error and rank
  /// - Throws: ``LetheError`` for an eraser of another base model, and for files that cannot be read or written
  public func callAsFunction(
    to out: URL?, lora: URL?, rank: Int?, half: Bool, on device: Device
  ) throws -> (erasers: [String], lora: (error: Double, rank: Int)?) {
    try out.map { try model.refuseOverwriting(by: $0, "--out") }
    try lora.map { lora in
      try model.refuseOverwriting(byFile: lora, "--lora")
      let files = erasers.map { RunFolder.eraserFile(at: $0) }
      guard !files.compactMap(FileIdentity.init).contains(where: { $0 == FileIdentity(lora) })
      else {
        throw LetheError.badValue(
          "--lora", "\(lora.path) is one of the erasers; choose another file")
      }
    }
    let base = try model.model(on: device)
    var laid = try erasers.map(RunFolder.eraser(at:))
    var names = laid.flatMap(\.card.concepts)
    if let set {
      let erasers = try EraserSet(URL(fileURLWithPath: set))
      try erasers.checkBase(base)
      let on = try erasers.active(active)
      laid += try on.map(erasers.eraser)
      names += on
    }
    let sum = try base.sum(of: laid)
    var target = base
    if let plugIn {
      guard lora == nil else {
        throw LetheError.badValue(
          "--lora", "a LoRA file cannot hold the text encoder of --plug-in; give --out alone")
      }
      let plug = try PlugIn(RunFolder(plugIn))
      target = try plug(into: base, on: device)
      names += plug.eraser.card.concepts
    }
    if let out {
      try Run.makeFolder(out)
      let lock = try FolderLock(out)
      defer { withExtendedLifetime(lock) {} }
      try target.applying(sum).save(to: out, dtype: half ? .float16 : .float32)
      try model.copyThemes(to: out)
    }
    return (names, try lora.map { try sum.writeLoRA(to: $0, rank: rank) })
  }
}
