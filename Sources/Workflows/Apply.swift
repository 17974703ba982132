// `lethe apply`: a model with erasers added to its weights.
internal import Diffusion
public import Editing
public import Foundation
public import Torch
internal import TorchNN
internal import Training
public import Workbench

/// The command `lethe apply`.
public struct Apply {
  private let model: ModelFolder
  private let erasers: [String]
  private let set: URL?
  private let active: [String]?
  private let plugIn: String?
  /// Another model of the same shapes that the erasers are added to.
  public var onto: ModelFolder?
  /// Whether another model, or another file, in the place of the output is replaced.
  public var overwrites = false

  /// - Parameters:
  ///   - erasers: eraser files, or folders of runs
  ///   - set: the folder of a set of erasers
  ///   - active: the erasers of the set to add; nil takes those that are switched on
  ///   - plugIn: a run whose erased text encoder replaces the model's own
  public init(
    _ model: ModelFolder, erasers: [String], set: URL?, active: [String]?,
    plugIn: String? = nil
  ) {
    (self.model, self.erasers, self.set) = (model, erasers, set)
    (self.active, self.plugIn) = (active, plugIn)
  }

  /// Writes base + sum of the erasers as a model folder, a LoRA file or both.
  /// - Parameters:
  ///   - out: a folder, or a single file where the name ends with .safetensors
  ///   - dtype: element type of the weights; nil is float32 for a folder and a LoRA, float16 for a single file
  /// - Throws: ``LetheError`` for an eraser of another base model, and for files that cannot be read or written
  public func callAsFunction(
    to out: URL?, lora: URL?, rank: Int?, format: LoRAFormat = .kohya, dtype: DType? = nil,
    on device: Device
  ) throws -> Applied {
    try refuseOverwriting(by: out, and: lora)
    let base = try (onto ?? model).model(on: device)
    var added = try added(to: base)
    var done = Applied()
    let sum: ParameterVector
    (sum, done.coverage) = try self.sum(of: added.erasers, on: base)
    var target = base
    if let plugIn {
      guard lora == nil else {
        throw LetheError.badValue(
          "--lora", "a LoRA file cannot hold the text encoder of --plug-in; give --out alone")
      }
      let plug = try PlugIn(RunFolder(plugIn))
      target = try plug(into: base, on: device)
      added.names += plug.eraser.card.concepts
      added.inside.erasers.append(LaidEraser(card: plug.eraser.card))
    }
    done.erasers = added.names
    let cards = JSON.array(try added.erasers.map { try JSON(encoding: $0.card) })
    if let out { try refuseOther(out, target.layout, added.inside) }
    if let lora {
      try ApplyPlace(place: lora, option: "--lora", overwrites: overwrites)
        .refuseOther(file: added.erasers.isEmpty ? nil : cards.compact)
    }
    if let out { try write(target.applying(sum), to: out, dtype, added.inside) }
    if let lora {
      done.lora = try base.writeLoRA(
        sum, to: lora, rank: rank, format: format, dtype: dtype ?? .float32,
        title: lora.deletingPathExtension().lastPathComponent, texts: ["lethe": cards.compact])
    }
    return done
  }

  /// - Throws: ``LetheError`` of the kind `request` for files that the command reads
  private func refuseOverwriting(by out: URL?, and lora: URL?) throws {
    if let out {
      try model.refuseOverwriting(by: out, "--out")
      try RunFolder(out).refuseFiles("--out")
    }
    guard let lora else { return }
    try model.refuseOverwriting(byFile: lora, "--lora")
    let files = try erasers.map {
      RunFolder.eraserFile(at: try Weighted.parse($0, "--with").file)
    }
    guard !files.compactMap(FileIdentity.init).contains(where: { $0 == FileIdentity(lora) }) else {
      throw LetheError.badValue(
        "--lora", "\(lora.path) is one of the erasers; choose another file")
    }
  }

  /// The erasers of the request, their concepts, and the record of those in the weights, with any that were there
  /// before.
  private typealias Added = (erasers: [Eraser], names: [String], inside: LaidErasers)

  /// The erasers of files and of the set.
  /// - Throws: ``LetheError`` of the kind `request` for a set of which nothing is on
  private func added(to base: DiffusionModel) throws -> Added {
    var laid = try erasers.map(RunFolder.eraser(at:))
    var inside = try LaidErasers(of: (onto ?? model).url)
    inside.erasers += try zip(laid, erasers).map { eraser, path in
      LaidEraser(card: eraser.card, strength: try Weighted.parse(path, "--with").weight)
    }
    var names = laid.flatMap(\.card.concepts)
    guard let set else { return (laid, names, inside) }
    let erasers = try EraserSet(set)
    try erasers.checkBase(base)
    let on = try erasers.active(active)
    guard !on.isEmpty || !laid.isEmpty else {
      throw LetheError.badValue(
        "--erasers",
        "\(erasers.reasonNothingIsOn), and the model would be as it was; accepted: a set with an eraser that is on"
      )
    }
    let chosen = try on.map(erasers.eraser)
    laid += chosen
    inside.erasers += chosen.map { LaidEraser(card: $0.card) }
    names += on
    return (laid, names, inside)
  }

  /// The sum of erasers: of all tensors on their own base, and of those that fit on another model.
  private func sum(
    of erasers: [Eraser], on base: DiffusionModel
  ) throws -> (ParameterVector, Applied.Coverage?) {
    guard let onto else { return (try base.sum(of: erasers), nil) }
    let sum = try ParameterVector.sum(erasers.map(\.vector))
    let fitting = sum.tensors.filter { base.parameters[$0.key]?.shape == $0.value.shape }
    guard !fitting.isEmpty else {
      throw LetheError.badValue(
        "--onto", "\(onto.path) has none of the tensors that the erasers change")
    }
    let coverage = Applied.Coverage(
      fitting: fitting.count, all: sum.tensors.count, madeFor: erasers.map(\.card.base).first ?? "",
      base: base.hash())
    return (ParameterVector(fitting), coverage)
  }

  private static func isFile(_ out: URL) -> Bool { out.pathExtension.lowercased() == "safetensors" }

  private func card(_ inside: LaidErasers) -> ModelCard {
    ModelCard(model: onto ?? model, erasers: inside.erasers)
  }

  /// - Throws: ``LetheError`` of the kind `request` for a place that holds another model
  private func refuseOther(_ out: URL, _ layout: Layout, _ inside: LaidErasers) throws {
    let place = ApplyPlace(place: out, option: "--out", overwrites: overwrites)
    guard !Self.isFile(out) else {
      return try place.refuseOther(file: inside.erasers.isEmpty ? nil : inside.text)
    }
    let base = onto ?? model
    let isOfClasses = FileManager.default.fileExists(atPath: base.file("classes.json").path)
    try place.refuseOther(
      folder: card(inside), layout,
      companions: base.companions.union(isOfClasses ? ["classes.json"] : []))
  }

  /// Writes a folder, or a single file where the name ends with .safetensors.
  private func write(
    _ model: DiffusionModel, to out: URL, _ dtype: DType?, _ inside: LaidErasers
  ) throws {
    if Self.isFile(out) {
      let title = out.deletingPathExtension().lastPathComponent
      try model.writeSingleFile(
        to: out, dtype: dtype ?? .float16, title: title,
        texts: inside.erasers.isEmpty ? [:] : [LaidErasers.key: inside.text])
      return
    }
    _ = try model.codec
    try Run.makeFolder(out)
    let lock = try FolderLock(out)
    defer { withExtendedLifetime(lock) {} }
    // The card comes first: a folder that a kill left unfinished says by it whose it is.
    try card(inside).write(to: out)
    try model.save(to: out, dtype: dtype ?? .float32)
    try (onto ?? self.model).copyCompanions(to: out)
  }
}

/// Summary of the written files.
public struct Applied: Sendable {
  /// The concepts of the added erasers.
  public var erasers: [String] = []
  /// The written LoRA; nil where none was asked for.
  public var lora: LoRASummary?
  /// The fit of one model's erasers to another; nil without one.
  public var coverage: Coverage?

  /// The fit of one model's erasers to another model.
  public struct Coverage: Sendable {
    /// Tensors that the other model has in the same shape, of all that the erasers change.
    public var fitting: Int
    /// Tensors that the erasers change.
    public var all: Int
    /// The hashes of the model that the erasers were made for, and of the one that they are added to.
    public var madeFor: String
    /// The hash of the model that they are added to.
    public var base: String
  }
}
