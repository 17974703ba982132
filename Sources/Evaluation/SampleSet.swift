package import Diffusion
package import Foundation
package import Torch
package import Training

/// A folder of pictures with a manifest that names the prompt, the seed and the subjects of each.
///
/// Files are named `<case>_<k>.png`, the form that published evaluation scripts expect.
package struct SampleSet {
  /// A picture to be drawn.
  package struct Sample: Codable, Sendable, Hashable {
    /// The case: the first part of the file's name.
    package var caseNumber: String
    /// The picture's number within its case, from 0.
    package var k: Int
    package var prompt: String
    package var seed: UInt64
    /// The picture's own guidance scale. Nil takes the manifest's.
    package var guidance: Double?
    /// The picture's own width in pixels. Nil takes the manifest's.
    package var width: Int?
    /// The picture's own height in pixels. Nil takes the manifest's.
    package var height: Int?
    /// The subjects that the prompt names, by kind, where they are known: object: fox, style: noto.
    package var subjects: [String: String]
    /// The erasers of a set that are on for this picture. Nil takes the set's own switches.
    package var erasers: [String]?

    package var file: String { "\(caseNumber)_\(k).png" }

    package init(
      _ caseNumber: String, _ k: Int, prompt: String, seed: UInt64, subjects: [String: String] = [:]
    ) {
      (self.caseNumber, self.k, self.prompt, self.seed) = (caseNumber, k, prompt, seed)
      self.subjects = subjects
    }
  }
  /// The file `manifest.json`: sampling options, model, erasers and samples.
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

  /// Makes the folder and writes its manifest. A picture of an earlier run stays where sampling, model, erasers and
  /// sample are the same; other pictures of the earlier manifest are removed.
  /// - Throws: ``LetheError`` of the kind `disk` for a folder that cannot be written
  package static func create(_ folder: URL, _ manifest: Manifest) throws -> SampleSet {
    try Run.makeFolder(folder)
    let set = SampleSet(folder: folder, manifest: manifest)
    let file = folder.appendingPathComponent("manifest.json")
    let text = try JSON(encoding: manifest).pretty
    if let old = try? String(contentsOf: file, encoding: .utf8), old != text {
      let previous: Manifest? = try? JSON(contentsOf: file).decoded()
      let same =
        previous?.sampling == manifest.sampling && previous?.model == manifest.model
        && previous?.erasers == manifest.erasers
      let kept = Set(same ? previous?.samples ?? [] : [])
      for sample in previous?.samples ?? []
      where !kept.contains(sample) || !manifest.samples.contains(sample) {
        try? FileManager.default.removeItem(at: folder.appendingPathComponent(sample.file))
      }
    }
    try AtomicFile.write(Data(text.utf8), to: file)
    return set
  }

  private init(folder: URL, manifest: Manifest) {
    (self.folder, self.manifest) = (folder, manifest)
  }

  /// Opens a folder that ``create(_:_:)`` made.
  /// - Throws: ``LetheError`` of the kind `model` for a manifest that is missing or cannot be read
  package init(_ folder: URL) throws {
    let file = folder.appendingPathComponent("manifest.json")
    do { manifest = try JSON(contentsOf: file).decoded() } catch is DecodingError {
      throw LetheError.malformed(
        file,
        "its JSON is not a manifest of pictures, which has sampling, model, increments and samples")
    }
    self.folder = folder
  }

  /// The case of an object and a style in file names, e.g. `fox-noto`.
  package static func name(_ object: String, _ style: String?) -> String {
    ([object] + (style.map { [$0] } ?? [])).joined(separator: "-")
      .replacingOccurrences(of: " ", with: "_")
  }

  package func url(_ sample: Sample) -> URL { folder.appendingPathComponent(sample.file) }

  /// The samples whose picture is not on disk.
  package var missing: [Sample] {
    manifest.samples.filter { !FileManager.default.fileExists(atPath: url($0).path) }
  }

  /// Draws every missing picture.
  /// - Parameters:
  ///   - batch: the most pictures of one batch
  ///   - stage: the name of the work in progress lines
  ///   - condition: the conditioning of some samples; nil embeds their prompts
  ///   - recipe: the text of a picture's PNG chunk `parameters`
  /// - Throws: ``LetheError`` for prompts that the model cannot read, and for files that cannot be written
  package func draw(
    _ model: DiffusionModel, batch: Int, _ run: Run, stage: String,
    condition: (([Sample]) throws -> Conditioning)? = nil, recipe: (Sample) -> String
  ) throws {
    try model.check(manifest.samples.map(\.prompt))
    let missing = missing
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
        try PNG.write(image, text: [("parameters", recipe(sample))], to: url(sample))
      }
      done += members.count
      run.progress(stage, done, total)
    }
  }

  /// All pictures, [N, 3, H, W] in [-1, 1], in the manifest's order.
  package func load() throws -> Tensor {
    Image.batch(try manifest.samples.map { try PNG.read(url($0)) })
  }
}
