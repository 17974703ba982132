package import Diffusion
package import Foundation
package import Torch
package import Training

/// Pictures on disk with what each was asked for: the only thing that metrics see.
///
/// Files are named `<case>_<k>.png`, as the evaluation scripts of the field expect.
package struct SampleSet {
  package struct Sample: Codable, Sendable, Hashable {
    package var caseNumber: String
    package var k: Int
    package var prompt: String
    package var seed: UInt64
    package var guidance: Double?
    package var width: Int?
    package var height: Int?
    /// Subjects that the prompt names, where they are known: object: fox, style: noto.
    package var subjects: [String: String]
    /// Erasers of a set that are on for this picture; nil takes the set's own switches.
    package var erasers: [String]?

    package var file: String { "\(caseNumber)_\(k).png" }

    package init(
      _ caseNumber: String, _ k: Int, prompt: String, seed: UInt64, subjects: [String: String] = [:]
    ) {
      (self.caseNumber, self.k, self.prompt, self.seed) = (caseNumber, k, prompt, seed)
      self.subjects = subjects
    }
  }
  package struct Manifest: Codable, Sendable, Hashable {
    package var sampling: SamplingOptions
    package var model: String
    package var erasers: [String]
    package var samples: [Sample]

    private enum CodingKeys: String, CodingKey {
      case sampling, model, samples
      case erasers = "increments"
    }

    package init(
      sampling: SamplingOptions, model: String, erasers: [String], samples: [Sample]
    ) {
      (self.sampling, self.model) = (sampling, model)
      (self.erasers, self.samples) = (erasers, samples)
    }
  }
  package let folder: URL
  package let manifest: Manifest

  /// Writes the manifest first; pictures that an earlier run finished stay valid only when it agrees.
  package static func create(_ folder: URL, _ manifest: Manifest) throws -> SampleSet {
    try Run.makeFolder(folder)
    let set = SampleSet(folder: folder, manifest: manifest)
    let file = set.manifestFile
    let text = try JSON(encoding: manifest).pretty
    for sample in manifest.samples { _ = try set.url(sample) }
    if let old = try? String(contentsOf: file, encoding: .utf8), old != text {
      let previous: Manifest? = try? JSON(contentsOf: file).decoded()
      let same =
        previous?.sampling == manifest.sampling && previous?.model == manifest.model
        && previous?.erasers == manifest.erasers
      let kept = Set(same ? previous?.samples ?? [] : [])
      for sample in previous?.samples ?? []
      where !kept.contains(sample) || !manifest.samples.contains(sample) {
        try? FileManager.default.removeItem(at: set.url(sample))
      }
    }
    try AtomicFile.write(Data(text.utf8), to: file)
    return set
  }

  private init(folder: URL, manifest: Manifest) {
    (self.folder, self.manifest) = (folder, manifest)
  }

  package init(_ folder: URL) throws {
    let file = folder.appendingPathComponent("manifest.json")
    do { manifest = try JSON(contentsOf: file).decoded() } catch is DecodingError {
      throw LetheError.malformed(file, "it is no manifest of pictures")
    }
    self.folder = folder
    for sample in manifest.samples { _ = try url(sample) }
  }

  private var manifestFile: URL { folder.appendingPathComponent("manifest.json") }

  /// The case of a pair in file names.
  package static func name(_ object: String, _ style: String?) -> String {
    ([object] + (style.map { [$0] } ?? [])).joined(separator: "-")
      .replacingOccurrences(of: " ", with: "_")
  }

  /// The file of a sample's picture.
  /// - Throws: ``LetheError`` of the kind `model` for a name that leads out of the folder
  package func url(_ sample: Sample) throws -> URL {
    try folder.inside(sample.file, "the picture of '\(sample.prompt)'", of: manifestFile)
  }

  package var missing: [Sample] {
    get throws {
      try manifest.samples.filter { !FileManager.default.fileExists(atPath: try url($0).path) }
    }
  }

  /// Draws every missing picture.
  /// - Parameters:
  ///   - condition: what the model is told for some samples; nil embeds their prompts
  ///   - recipe: the text that each picture carries
  package func draw(
    _ model: DiffusionModel, batch: Int, _ run: Run, stage: String,
    condition: (([Sample]) throws -> Conditioning)? = nil, recipe: (Sample) -> String
  ) throws {
    try model.check(manifest.samples.map(\.prompt))
    let missing = try missing
    let total = manifest.samples.count
    var done = total - missing.count
    run.progress(stage, done, total)
    var rest = missing[...]
    while let first = rest.first {
      try Interrupt.check()
      // Pictures of one batch share size and guidance.
      let members = rest.prefix(batch).prefix {
        $0.guidance == first.guidance && $0.width == first.width && $0.height == first.height
      }
      rest = rest.dropFirst(members.count)
      var options = manifest.sampling
      options.guidance = first.guidance ?? options.guidance
      options.width = first.width ?? options.width
      options.height = first.height ?? options.height
      let c =
        try condition?(Array(members)) ?? withoutGradients { model.embed(members.map(\.prompt)) }
      let images = try model.images(given: c, seeds: members.map(\.seed), options)
      for (sample, image) in zip(members, images) {
        try PNG.write(image, text: [("parameters", recipe(sample))], to: try url(sample))
      }
      done += members.count
      run.progress(stage, done, total)
    }
  }

  /// All pictures [N, 3, H, W] in the manifest's order.
  package func load() throws -> Tensor {
    Image.batch(try manifest.samples.map { try PNG.read(url($0)) })
  }
}
