// `lethe erase`: from a request and a method to an eraser file.
internal import Diffusion
public import Editing
internal import Evaluation
internal import Foundation
internal import Processes
public import Torch
public import Training
public import Unlearning
public import Workbench

/// The form of a whole edited model.
public enum Export: String, Sendable, CaseIterable {
  /// A folder, `model`.
  case diffusers
  /// One file in the original layout, `model.safetensors`.
  case single
}

/// The command `lethe erase`.
public struct Erase {
  /// Element type of an exported model; nil is float32 for a folder and float16 for a single file.
  public var dtype: DType?
  /// The request.
  public let job: EraseJob
  /// The method with its options.
  public let method: any UnlearningMethod
  /// The catalogs in which the method was looked up.
  public let catalogs: Catalogs
  /// Settings and where they come from, weakest first, for the record.
  package var given: [Settings]
  /// Another name whose entry of `methods.json` counts.
  let variant: String?
  let exports: Export?
  /// Sentences on concepts that the model lists with other capital letters.
  let readings: [String]
  /// Told once the folder is this request's, before the work.
  package var begins: () -> Void = {}

  /// Resolves the method and its options. All errors in them are found here.
  /// - Parameters:
  ///   - settings: options of the method as `key=value`
  ///   - exports: the form in which the whole edited model is written; nil writes none
  ///   - catalogs: the catalogs in which the method, and a method inside it, are looked up
  /// - Throws: ``LetheError`` of the kind `request` for an unknown method or option, or without a concept
  public init(
    _ job: EraseJob, settings: [String], exports: Export? = nil, catalogs: Catalogs = .builtIn
  ) throws {
    try self.init(job, [Settings(settings)], exports: exports, catalogs: catalogs)
  }

  /// - Parameters:
  ///   - settings: options of the method, weakest first
  ///   - request: options of a file under `settings`
  ///   - exports: the form in which the whole edited model is written; nil writes none
  ///   - variant: another name whose entry of `methods.json` overrides that of the method
  ///   - catalogs: the catalogs in which the method, and a method inside it, are looked up
  /// - Throws: ``LetheError`` of the kind `request` for an unknown method or option, or without a concept
  package init(
    _ job: EraseJob, _ settings: [Settings], over request: Settings? = nil,
    exports: Export? = nil, variant: String? = nil, catalogs: Catalogs = .builtIn
  ) throws {
    guard !job.concepts.isEmpty else {
      throw LetheError.badValue("--concept", "no concept is given; at least one is needed")
    }
    guard !job.concepts.contains(where: { $0.allSatisfy(\.isWhitespace) }) else {
      throw LetheError.badValue("--concept", "an empty text names nothing that could be forgotten")
    }
    try job.concepts.forEach(Concept.refuseControls)
    try job.checkWording()
    let all = [request].compactMap(\.self) + settings
    method = try catalogs.methods.configured(job.method, all, of: job.folder, variant: variant)
    let inner = try (method as? any WrappingMethod)?.inner()
    guard
      method is any DataMethod || inner is any DataMethod
        || (job.forgetImages == nil && job.retainImages == nil)
    else {
      let others = catalogs.methods.all.filter { $0 is any DataMethod.Type }.map { $0.name }
      throw LetheError.badValue(
        job.forgetImages == job.retainImages ? "--data" : "--forget-images, --retain-images",
        "'\(job.method)' forgets by prompts and takes no pictures; those that do: "
          + others.joined(separator: ", "))
    }
    var job = job
    job.options = try JSON(encoding: method).without(idle: method)
    let themes = try job.folder.listedThemes()
    readings = job.concepts.compactMap { themes?.readingNote($0) }
    job.concepts = job.concepts.map { Concept.name(of: $0, in: themes) }
    try job.refuseRepeatedWords()
    if let themes, job.wording == nil {
      for name in job.concepts { try themes.refuseMisspelling(name) }
    }
    (self.job, self.exports, self.catalogs, self.variant) = (job, exports, catalogs, variant)
    given = [request].compactMap { $0.map { Settings($0.json, from: "--config") } } + settings
  }

  /// The request of a run that was made, with the options of its record.
  init(recorded job: EraseJob, _ catalogs: Catalogs) throws {
    method = try catalogs.methods.method(job.method, job.options)
    (self.job, exports, self.catalogs, given, variant) = (job, nil, catalogs, [], nil)
    readings = []
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
    try job.folder.refuseOverwriting(by: folder.url, "--out", isModel: false)
    if exports == .diffusers {
      try job.folder.refuseOverwriting(by: folder.file("model"), "--export")
    }
    let model = try job.folder.model(on: device)
    // Pictures on the way and a folder for diffusers need a VAE. Its absence is found before the training.
    if exports == .diffusers || run.sampleEvery != nil { _ = try model.codec }
    var erasure = try erasure()
    // A folder that is another request's is refused before anything is said on this one.
    var said: [String] = []
    erasure.forget = try erasure.forget.fitting(model.layout) { said += [$0].compactMap(\.self) }
    try refuseCut(erasure, model)
    said += try [model.layout.cut(erasure.preserve)?.note].compactMap(\.self) + notes()
    let base = model.hash()
    if try !run.ranks.agree({ folder.hasEraser }) {
      try refuse(erasure, model)
      try refusePictures()
    }
    run.identity = try claim(folder, erasure, base: base)
    begins()
    said.forEach { run.note($0) }
    if try run.ranks.agree({ folder.hasEraser }) {
      let eraser = try folder.eraser()
      try eraser.check(base: base)
      run.clearStates()
      try followModel(folder)
      try export(model, eraser, to: folder)
      return (eraser, try folder.verdict())
    }
    try folder.write(job, to: "job.json")
    let start = Date()
    device.resetPeakMemory()
    var card = Eraser.Card()
    (card.method, card.concepts, card.options) = (job.method, job.concepts, job.options)
    (card.seed, card.base, card.version) = (job.seed, base, Version.current)
    let training = try run.seeded(job.seed)
    training.keepsStates = true
    training.computeType = ComputeType.usual
    if training.computeType != nil, !isTraining {
      run.note("--dtype has no effect on \(job.method), a closed form, which computes in float64")
    }
    let ranks = method.dividesBatches ? run.ranks : .alone
    let erased = try ranks.dividing { try method.erase(erasure, from: model, training) }
    let eraser = Eraser(card, erased.vector)
    // The eraser comes last: a folder that has one is finished.
    try folder.write(erased.verdict, to: "verdict.json")
    try folder.write(
      Provenance(
        base: card.base, seconds: Date().timeIntervalSince(start), device: device,
        settings: optionSources()),
      to: "provenance.json")
    try eraser.write(to: folder.eraserFile)
    run.clearStates()
    try export(model, eraser, to: folder)
    return (eraser, erased.verdict)
  }

  /// Whether the method trains; false for a closed form.
  package var isTraining: Bool { (try? JSON(encoding: method))?["training"] != nil }

  /// A model that was moved since is where this job says; other commands look there.
  private func followModel(_ folder: RunFolder) throws {
    guard folder.has("job.json") else { return try folder.write(job, to: "job.json") }
    var known = try folder.job()
    guard known.model != job.model else { return }
    known.model = job.model
    try folder.write(known, to: "job.json")
  }

  /// Writes the whole edited model, again where an earlier run was interrupted in it or its disk was full.
  private func export(_ model: DiffusionModel, _ eraser: Eraser, to folder: RunFolder) throws {
    guard let exports, WriteTurn.isMine else { return }
    let edited = try model.applying(eraser.vector)
    var laid = try LaidErasers(of: job.folder.url)
    laid.erasers.append(LaidEraser(card: eraser.card))
    switch exports {
    case .diffusers:
      try edited.save(to: folder.file("model"), dtype: dtype ?? .float32)
      try job.folder.copyCompanions(to: folder.file("model"))
      try ModelCard(model: job.folder, erasers: laid.erasers).write(to: folder.file("model"))
    case .single:
      try edited.writeSingleFile(
        to: folder.file("model.safetensors"), dtype: dtype ?? .float16,
        title: "\(job.folder.name) without \(job.subject)", texts: [LaidErasers.key: laid.text])
    }
  }
}
