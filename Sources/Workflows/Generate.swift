// `lethe generate`: pictures of prompts.
package import Diffusion
internal import Editing
package import Evaluation
package import Foundation
package import Torch
package import Training
internal import Workbench

/// The command `lethe generate`.
package struct Generate {
  package var model: ModelReference
  package var sampling: SamplingOptions
  package var samples: [SampleSet.Sample]
  package var batch: Int
  /// Whether pictures of another request in the same folder go.
  package var overwrites = false
  /// The file of the prompts, whose sizes have lines; nil without one.
  package var table: PromptTable?

  package init(
    _ model: ModelReference, _ sampling: SamplingOptions,
    _ samples: [SampleSet.Sample], batch: Int
  ) {
    (self.model, self.sampling) = (model, sampling)
    (self.samples, self.batch) = (samples, batch)
  }

  /// Draws the missing pictures and writes `manifest.json`.
  /// - Throws: ``LetheError`` of the kind `request` for options that exclude each other or are out of range
  @discardableResult
  package func callAsFunction(in run: Run, on device: Device) throws -> SampleSet {
    try validate()
    let erasers = try model.eraserSet()
    // Each sample names the erasers that are on for it, so that a picture is drawn again when they change.
    let samples = try samples(under: erasers)
    if let erasers, samples.allSatisfy({ $0.erasers?.isEmpty != false }) {
      run.note(erasers.nothingIsOn)
    }
    let (edited, base, own) = try model.load(on: device)
    try erasers?.checkBase(edited)
    try checkPrompts(of: samples, edited)
    let manifest = try manifest(samples, of: edited)
    let sampling = manifest.sampling
    let set = try SampleSet.create(run.folder, manifest, overwrites: overwrites, by: run.ranks)
    let condition = erasers.map { SwitchedConditioning($0, edited) }
    // The erasers that are on for a picture are part of its recipe, whatever they are called.
    let hashes = try Dictionary(
      samples.flatMap { $0.erasers ?? [] }.unique.map { name in
        (name, try erasers?.eraser(name).hash() ?? "")
      }, uniquingKeysWith: { old, _ in old })
    try set.draw(
      // Memory decides for a large model; a small one keeps its rounding.
      edited, batch: edited.isLarge ? max(16, batch) : batch, run, stage: "pictures",
      overwrites: overwrites,
      condition: condition.map { c in { try c($0.map { ($0.prompt, $0.erasers ?? []) }) } }
    ) { sample in
      let on = (sample.erasers ?? []).map { hashes[$0] ?? "" }
      return Self.recipe(sample, sampling, model, base: base, erasers: own + on)
    }
    return set
  }

  /// Refuses prompts and sizes that a model cannot draw.
  private func checkPrompts(
    of samples: [SampleSet.Sample], _ model: DiffusionModel
  ) throws {
    try model.check(samples.map(\.prompt))
    try table?.refuseSizes(
      of: model, hasWidth: sampling.width != nil, hasHeight: sampling.height != nil)
    for sample in samples {
      try model.check(
        width: sample.width ?? sampling.width, height: sample.height ?? sampling.height)
    }
  }

  /// The samples with the names of the erasers that are on for each.
  private func samples(under erasers: EraserSet?) throws -> [SampleSet.Sample] {
    try samples.map { sample in
      var sample = sample
      sample.erasers = try erasers?.active(sample.erasers ?? model.active)
      return sample
    }
  }

  private func manifest(
    _ samples: [SampleSet.Sample], of edited: DiffusionModel
  ) throws -> SampleSet.Manifest {
    var sampling = sampling
    sampling.sampler = try Samplers.named(sampling.sampler, for: edited.schedule).name
    return .init(sampling: sampling, model: model.folder, erasers: model.erasers, samples: samples)
  }

  /// Finds what this request would be refused for, without drawing.
  /// - Parameter out: the folder of the pictures; nil leaves it aside
  /// - Returns: the memory that it takes, by part: a sentence without offload and one with it
  @discardableResult
  package func check(_ out: URL? = nil, on device: Device) throws -> [String] {
    try validate()
    let erasers = try model.eraserSet()
    let samples = try samples(under: erasers)
    let (edited, _, _) = try model.load(on: device)
    try erasers?.checkBase(edited)
    try checkPrompts(of: samples, edited)
    let manifest = try manifest(samples, of: edited)
    if let out { try SampleSet.check(out, manifest, overwrites: overwrites) }
    let most = edited.isLarge ? max(16, batch) : batch
    let pictures = min(edited.batch(atMost: most), samples.count)
    return [
      edited.memorySentence(batch: pictures, computing: sampling.dtype),
      edited.offloadSentence(batch: pictures, computing: sampling.dtype ?? .float32),
    ]
  }

  private func validate() throws {
    guard model.set == nil || model.erasers.isEmpty else {
      throw LetheError.badValue(
        "--with", "it cannot be used together with --erasers; give one of them")
    }
    if model.set == nil, model.active != nil || samples.contains(where: { $0.erasers != nil }) {
      throw LetheError.badValue(
        "--active", "erasers are named, here or in a CSV, but their set is not; give --erasers SET")
    }
    guard sampling.steps >= 1, sampling.steps <= 1000 else {
      throw LetheError.badValue("--steps", "\(sampling.steps); accepted: 1 to 1000")
    }
    if sampling.sampler != Samplers.model { _ = try Samplers.named(sampling.sampler) }
    let names = Dictionary(grouping: samples, by: \.file)
    if let twice = names.first(where: { $0.value.count > 1 }) {
      throw LetheError.badValue(
        "prompts",
        "\(twice.value.count) rows would write \(twice.key); give each row its own case number")
    }
  }

  /// The texts of a picture's PNG chunks: the prompt, then the settings in the form that web interfaces use, and hashes
  /// of what drew it.
  /// - Parameters:
  ///   - base: ``DiffusionModel/hash()`` of the base model
  ///   - erasers: ``Eraser/hash()`` of those laid on
  package static func recipe(
    _ s: SampleSet.Sample, _ o: SamplingOptions, _ model: ModelReference, base: String,
    erasers: [String]
  ) -> SampleSet.Recipe {
    var line =
      "\(s.prompt)\n" + (o.negative.map { "Negative prompt: \($0)\n" } ?? "")
      + "Steps: \(o.steps), Sampler: \(o.sampler), CFG scale: \(s.guidance ?? o.guidance), "
      + "Seed: \(s.seed), Model: \(quoted(ModelFolder(model.folder).name))"
    func add(_ title: String, _ files: [String]) {
      guard !files.isEmpty else { return }
      let names = files.map(\.fileName)
      line += ", \(title): \(quoted(names.joined(separator: " + ")))"
    }
    add("LoRA", model.additions?.loras ?? [])
    add("VAE", [model.additions?.vae].compactMap(\.self))
    add("Embeddings", model.additions?.embeddings ?? [])
    add("Erasers", model.erasers)
    add("Erasers", s.erasers ?? [])
    let isAsked = !["DDPMPipeline", "DDIMPipeline"].contains(model.pipeline)
    let graph = ComfyGraph(
      sample: s, sampler: o.sampler, steps: o.steps, guidance: o.guidance,
      negative: o.negative ?? "", model: model)
    let settings = line + ", Model hash: \(base.prefix(10)), Version: lethe \(Version.current)"
    guard isAsked else { return .init(settings, base: base, erasers: erasers) }
    return .init(settings, base: base, erasers: erasers) { graph.text($0) }
  }

  /// A value of the settings as web interfaces read it: in quotes where a comma or a line break would end it.
  private static func quoted(_ text: String) -> String {
    let isPlain = !text.contains(where: { $0 == "," || $0.isNewline })
    return isPlain ? text : JSON.string(text).compact
  }
}
