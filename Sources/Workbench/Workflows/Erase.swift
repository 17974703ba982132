// `lethe erase`: a request and a method to an eraser file.
internal import Diffusion
package import Editing
internal import Foundation
package import Torch
internal import TorchNN
package import Training
package import Unlearning

/// What was asked for, as `job.json` keeps it.
package struct EraseJob: Codable, Sendable, Hashable {
  package var model = ""
  package var method = ""
  package var options = JSON.object([:])
  package var concepts: [String] = []
  package var replacement: String?
  package var preserve: [String] = []
  package var forgetImages: String?
  package var retainImages: String?
  package var seed: UInt64 = 0
  package var command: [String] = []
  package init() {}
}

package struct Erase {
  package var job: EraseJob
  package var method: any UnlearningMethod
  package var exports: Bool

  /// Resolves the method and its `--set` options; everything that can be wrong with them is, here.
  /// - Parameter variant: another name under which `methods.json` may have options, over those of the method
  package init(
    _ job: EraseJob, settings: [String], exports: Bool, variant: String? = nil
  ) throws {
    let type = try Methods.named(job.method)
    method = try Self.configured(type, settings, of: job.model, variant)
    self.job = job
    self.exports = exports
    self.job.options = try Self.encoded(method)
    guard !job.concepts.isEmpty else {
      throw LetheError.badValue("--concept", "at least one concept is needed")
    }
  }

  /// The paper's defaults, under what `methods.json` in the model's folder says of the method, under `settings`.
  static func configured<M: UnlearningMethod>(
    _ type: M.Type, _ settings: [String], of model: String, _ variant: String? = nil
  ) throws -> any UnlearningMethod {
    let variants = [variant].compactMap(\.self).filter { $0 != M.name }
    let method = try Overrides.layered(
      M(), [M.name] + variants, of: model, "methods.json", settings)
    guard let outer = method as? any WrappingMethod else { return method }
    return try around(outer, variants, settings, of: model)
  }

  /// A method around another also has what the file says of the pair (`meta-esd`), and the one inside what it says
  /// of that one.
  private static func around<M: WrappingMethod>(
    _ method: M, _ variants: [String], _ settings: [String], of model: String
  ) throws -> any UnlearningMethod {
    var outer = try Overrides.layered(
      M(), [M.name, "\(M.name)-\(method.base)"] + variants, of: model, "methods.json", settings)
    guard outer.options.members != nil else { return outer }
    func filled<Base: UnlearningMethod>(_ type: Base.Type) throws -> JSON {
      let own = try Overrides.layered(Base(), [Base.name], of: model, "methods.json", [])
      return try encoded(Overrides.merge(outer.options, onto: own, in: "options of \(Base.name)"))
    }
    outer.options = try filled(outer.base.catalog.named(outer.base.name))
    return outer
  }

  package static func encoded<M: UnlearningMethod>(_ method: M) throws -> JSON {
    try JSON(encoding: method)
  }

  /// The request in the model's own captions.
  package func erasure(_ themes: Themes?) throws -> Erasure {
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

  /// The method's own line on the memory that it takes; nil where it has none.
  package func memory() throws -> String? {
    try method.memory { try DiffusionModel.load(URL(fileURLWithPath: job.model)) }
  }

  /// Skips the work when the eraser is there already.
  @discardableResult
  package func callAsFunction(in run: Run, on device: Device) throws -> Eraser {
    let folder = URL(fileURLWithPath: job.model)
    let file = run.file("increment.safetensors")
    if FileManager.default.fileExists(atPath: file.path), try sameJob(run) {
      return try Eraser(contentsOf: file)
    }
    let model = try DiffusionModel.load(folder, on: device)
    let erasure = try erasure(try Themes.load(folder))
    try AtomicFile.write(Data(try JSON(encoding: job).pretty.utf8), to: run.file("job.json"))
    let start = Date()
    device.resetPeakMemory()
    var card = Eraser.Card()
    (card.method, card.concepts, card.options) = (job.method, job.concepts, job.options)
    (card.seed, card.base, card.version) = (job.seed, model.hash(), Version.current)
    let difference = try method.erase(erasure, from: model, run).vector
    let eraser = Eraser(card, difference)
    try eraser.write(to: file)
    try Provenance(
      base: card.base, seconds: Date().timeIntervalSince(start), device: device
    ).write(to: run.file("provenance.json"))
    if exports {
      try model.applying(difference).save(to: run.file("model"))
      try Themes.copy(from: folder, to: run.file("model"))
    }
    return eraser
  }

  /// Whether the run's folder holds this very job; another one is refused, not overwritten.
  private func sameJob(_ run: Run) throws -> Bool {
    guard var previous: EraseJob = try? JSON(contentsOf: run.file("job.json")).decoded() else {
      return false
    }
    previous.command = job.command
    guard previous == job else {
      throw LetheError.badValue(
        "--out",
        "\(run.folder.path) holds another run (\(previous.method), "
          + "\(previous.concepts.joined(separator: ", "))); choose another folder or remove it")
    }
    return true
  }
}

/// Where a result comes from.
package struct Provenance: Codable, Sendable {
  package var lethe = Version.current
  package var libtorch = Runtime.version
  package var threads = Runtime.threads
  package var device: String
  package var base: String
  package var seconds: Double
  package var peakMemory: Int
  package var date: String

  init(base: String, seconds: Double, device: Device) {
    (self.base, self.seconds, self.device) = (base, seconds, device.description)
    peakMemory = device.peakMemory
    date = ISO8601DateFormatter().string(from: Date())
  }

  func write(to file: URL) throws {
    try AtomicFile.write(Data(try JSON(encoding: self).pretty.utf8), to: file)
  }
}

extension Themes {
  /// Carries the themes of a model over to an edited copy, with the judge's place made absolute.
  static func copy(from model: URL, to copy: URL) throws {
    guard var themes = try load(model) else { return }
    themes.judge = model.appendingPathComponent(themes.judge).standardizedFileURL.path
    let text = try JSON(encoding: themes).pretty
    try AtomicFile.write(Data(text.utf8), to: copy.appendingPathComponent("themes.json"))
  }

  func judgeFolder(of model: URL) -> URL {
    judge.hasPrefix("/") ? URL(fileURLWithPath: judge) : model.appendingPathComponent(judge)
  }
}
