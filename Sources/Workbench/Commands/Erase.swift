// `lethe erase`: a request and a method to an eraser file.
internal import Diffusion
package import Editing
internal import Foundation
package import Torch
package import Training
package import Unlearning

package struct Erase {
  package let job: EraseJob
  package let method: any UnlearningMethod
  package let catalogs: Catalogs
  private let exports: Bool

  /// Resolves the method and its `--set` options; everything that can be wrong with them is found here.
  /// - Parameters:
  ///   - variant: another name under which `methods.json` may have options, over those of the method
  ///   - catalogs: where the method is looked up, and the one inside it, if it wraps one
  package init(
    _ job: EraseJob, settings: [String], exports: Bool = false, variant: String? = nil,
    catalogs: Catalogs = .builtIn
  ) throws {
    guard !job.concepts.isEmpty else {
      throw LetheError.badValue("--concept", "at least one concept is needed")
    }
    method = try Self.configured(
      catalogs.methods.named(job.method), settings, of: job.folder, variant, catalogs.methods)
    var job = job
    job.options = try Self.encoded(method)
    (self.job, self.exports, self.catalogs) = (job, exports, catalogs)
  }

  /// The paper's defaults, under the entries of `methods.json` for the method, under `settings`.
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

  /// The request in the model's own captions.
  package func erasure() throws -> Erasure {
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
          "--preserve", "'others' needs a model with themes.json; name the prompts instead")
      }
      preserve += Erasure.others(than: job.concepts, in: themes)
    }
    var erasure = Erasure(forget: forget, preserve: preserve)
    (erasure.forgetImages, erasure.retainImages) = (job.forgetImages, job.retainImages)
    return erasure
  }

  /// Trains the eraser, or reads it where an earlier run of the same job has written it.
  /// - Returns: the eraser, and whether it was kept whole or stopped by the guard
  @discardableResult
  package func callAsFunction(in run: Run, on device: Device) throws -> (
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

  /// Whether the folder holds this very job; another one is refused, not overwritten.
  private func isSameJob(_ folder: RunFolder) throws -> Bool {
    guard folder.has("job.json") else { return false }
    var previous = try folder.job()
    previous.command = job.command
    // Options that came after the run was made have their defaults in it.
    func defaults<M: UnlearningMethod>(_ method: M) throws -> JSON { try Self.encoded(M()) }
    let known = try? defaults(method).overlaid(with: previous.options, in: "job.json")
    previous.options = known ?? previous.options
    guard previous == job else {
      throw LetheError.badValue(
        "--out",
        "\(folder.path) holds another run (\(previous.method), "
          + "\(previous.concepts.joined(separator: ", "))); choose another folder or remove it")
    }
    return true
  }
}
