// `lethe erase`: from a request and a method to an eraser file.
internal import Diffusion
public import Editing
internal import Foundation
public import Torch
public import Training
public import Unlearning

/// The command `lethe erase`.
public struct Erase {
  public let job: EraseJob
  public let method: any UnlearningMethod
  public let catalogs: Catalogs
  private let exports: Bool

  /// Resolves the method and its options. All errors in them are found here.
  /// - Parameters:
  ///   - settings: options of the method as `key=value`
  ///   - exports: whether the whole edited model is written to `model/`
  ///   - variant: another name whose entry of `methods.json` overrides that of the method
  ///   - catalogs: the catalogs in which the method, and a method inside it, are looked up
  /// - Throws: ``LetheError`` of the kind `request` for an unknown method or option, or without a concept
  public init(
    _ job: EraseJob, settings: [String], exports: Bool = false, variant: String? = nil,
    catalogs: Catalogs = .builtIn
  ) throws {
    guard !job.concepts.isEmpty else {
      throw LetheError.badValue("--concept", "no concept is given; at least one is needed")
    }
    method = try Self.configured(
      catalogs.methods.named(job.method), settings, of: job.folder, variant, catalogs.methods)
    var job = job
    job.options = try Self.encoded(method)
    (self.job, self.exports, self.catalogs) = (job, exports, catalogs)
  }

  /// The paper's defaults, over them the entries of `methods.json` for the method, and over those `settings`.
  static func configured<M: UnlearningMethod>(
    _ type: M.Type, _ settings: [String], of model: ModelFolder, _ variant: String? = nil,
    _ catalog: MethodCatalog = .builtIn
  ) throws -> any UnlearningMethod {
    let variants = [variant].compactMap(\.self).filter { $0 != M.name }
    let method = try model.options(
      .methods, for: [M.name] + variants, over: M(), set: settings)
    guard let outer = method as? any WrappingMethod else { return method }
    return try wrapped(outer, variants, settings, of: model, catalog)
  }

  /// For a method that wraps another, `methods.json` may have an entry for the pair, such as `meta-esd`, which
  /// overrides `meta`. The inner method uses its own entry, `esd`.
  private static func wrapped<M: WrappingMethod>(
    _ method: M, _ variants: [String], _ settings: [String], of model: ModelFolder,
    _ catalog: MethodCatalog
  ) throws -> any UnlearningMethod {
    var outer = try model.options(
      .methods, for: [M.name, "\(M.name)-\(method.base)"] + variants, over: M(), set: settings)
    outer.base.catalog = catalog
    guard outer.options.members != nil else { return outer }
    func filled<Base: UnlearningMethod>(_ type: Base.Type) throws -> JSON {
      let own = try model.options(.methods, for: [Base.name], over: Base(), set: [])
      return try encoded(outer.options.laid(over: own, in: "options of \(Base.name)"))
    }
    outer.options = try filled(catalog.named(outer.base.name))
    return outer
  }

  package static func encoded<M: UnlearningMethod>(_ method: M) throws -> JSON {
    try JSON(encoding: method)
  }

  /// The request in the captions that the model lists.
  /// - Throws: ``LetheError`` of the kind `request` for `others` with a model that lists no subjects
  public func erasure() throws -> Erasure {
    let themes = try job.folder.listedThemes()
    let forget = job.concepts.map {
      Concept.resolve($0, in: themes, replacement: job.replacement)
    }
    var preserve: [String] = []
    for entry in job.preserve {
      guard entry == "others" else {
        preserve.append(entry)
        continue
      }
      guard let themes else {
        throw LetheError.badValue(
          "--preserve",
          "'others' needs a model with themes.json, and \(job.model) has none; name the prompts instead"
        )
      }
      preserve += Erasure.others(than: job.concepts, in: themes)
    }
    var erasure = Erasure(forget: forget, preserve: preserve)
    (erasure.forgetImages, erasure.retainImages) = (job.forgetImages, job.retainImages)
    return erasure
  }

  /// Trains the eraser, or reads it where an earlier run of the same job has written it.
  /// - Returns: the eraser and the guard's verdict on its training
  /// - Throws: ``LetheError`` of the kind `request` where the folder has another job; of the kind `diverged` for a
  ///   loss that is no finite number
  @discardableResult
  public func callAsFunction(in run: Run, on device: Device) throws -> (
    eraser: Eraser, verdict: Verdict
  ) {
    let folder = run.runFolder
    if folder.hasEraser, try isSameJob(folder) {
      return (try folder.eraser(), try folder.verdict())
    }
    let model = try job.folder.model(on: device)
    let erasure = try erasure()
    try folder.write(job, to: "job.json")
    let start = Date()
    device.resetPeakMemory()
    var card = Eraser.Card()
    (card.method, card.concepts, card.options) = (job.method, job.concepts, job.options)
    (card.seed, card.base, card.version) = (job.seed, model.hash(), Version.current)
    let erased = try method.erase(erasure, from: model, run.seeded(job.seed))
    let eraser = Eraser(card, erased.vector)
    try eraser.write(to: folder.eraserFile)
    try folder.write(erased.verdict, to: "verdict.json")
    try folder.write(
      Provenance(base: card.base, seconds: Date().timeIntervalSince(start), device: device),
      to: "provenance.json")
    if exports {
      try model.applying(erased.vector).save(to: folder.file("model"))
      try job.folder.copyThemes(to: folder.file("model"))
    }
    return (eraser, erased.verdict)
  }

  /// Whether the folder has this job. Another job is an error, and nothing is overwritten.
  private func isSameJob(_ folder: RunFolder) throws -> Bool {
    guard folder.has("job.json") else { return false }
    var previous = try folder.job()
    previous.command = job.command
    // An older run lacks newer options, which had their defaults then.
    func defaults<M: UnlearningMethod>(_ method: M) throws -> JSON { try Self.encoded(M()) }
    let known = try? defaults(method).overlaid(with: previous.options, in: "job.json")
    previous.options = known ?? previous.options
    guard previous == job else {
      throw LetheError.badValue(
        "--out",
        "\(folder.path) has another run (\(previous.method), "
          + "\(previous.concepts.joined(separator: ", "))); choose another folder or remove it")
    }
    return true
  }
}
