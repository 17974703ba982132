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
  /// - Parameter overwrites: whether pictures of another manifest go; without, such a folder is refused
  /// - Throws: ``LetheError`` of the kind `request` for the folder of another manifest
  package static func create(
    _ folder: URL, _ manifest: Manifest, overwrites: Bool = true
  ) throws -> SampleSet {
    try Run.makeFolder(folder)
    let set = SampleSet(folder: folder, manifest: manifest)
    let file = set.manifestFile
    let text = try JSON(encoding: manifest).pretty
    for sample in manifest.samples where (try? set.url(sample)) == nil {
      throw LetheError.model(
        "the picture of '\(sample.prompt)' would be '\(sample.file)' in \(folder.path), which is no name of a file there; "
          + "accepted: subjects and case numbers without '/', of at most 200 bytes, and no link that leads elsewhere"
      )
    }
    if let old = try? InputFile.text(file), old != text {
      let previous: Manifest? = try? Checked(contentsOf: file).decoded()
      let same =
        previous?.sampling == manifest.sampling && previous?.model == manifest.model
        && previous?.erasers == manifest.erasers
      let kept = Set(same ? manifest.samples : [])
      let gone = (previous?.samples ?? []).filter { !kept.contains($0) }
      // A manifest that nothing was drawn for binds nobody.
      let standing = try (same ? gone : previous?.samples ?? []).filter { sample in
        FileManager.default.fileExists(atPath: try set.url(sample).path)
      }
      guard overwrites || (previous != nil && standing.isEmpty) else {
        throw LetheError.badValue(
          "--out",
          "\(file.path) lists pictures of another request (\(set.difference(from: previous, standing))); choose another "
            + "folder, or give --overwrite")
      }
      for sample in gone { set.remove(sample) }
    }
    try AtomicFile.write(Data(text.utf8), to: file)
    return set
  }

  private func difference(from previous: Manifest?, _ gone: [Sample]) -> String {
    guard let previous else { return "it is no manifest" }
    if previous.model != manifest.model { return "of the model \(previous.model)" }
    if previous.erasers != manifest.erasers {
      let names = previous.erasers.joined(separator: ", ")
      return names.isEmpty ? "without erasers" : "with the erasers \(names)"
    }
    if previous.sampling != manifest.sampling {
      return "with \((try? JSON(encoding: previous.sampling).compact) ?? "other sampling")"
    }
    return
      "such as \(gone.first?.file ?? ""), '\(gone.first?.prompt ?? "")', seed \(gone.first?.seed ?? 0)"
  }

  /// Removes a sample's picture, and nothing that this program did not draw.
  private func remove(_ sample: Sample) {
    guard let file = try? url(sample), let text = try? PNG.text(of: file),
      text[Recipe.parametersKey] != nil
    else { return }
    try? FileManager.default.removeItem(at: file)
  }

  private init(folder: URL, manifest: Manifest) {
    (self.folder, self.manifest) = (folder, manifest)
  }

  /// Opens a folder that ``create(_:_:)`` made.
  /// - Throws: ``LetheError`` of the kind `model` for a manifest that is missing or cannot be read
  package init(_ folder: URL) throws {
    let file = folder.appendingPathComponent("manifest.json")
    manifest = try Checked(contentsOf: file).decoded()
    self.folder = folder
    for sample in manifest.samples { _ = try url(sample) }
  }

  private var manifestFile: URL { folder.appendingPathComponent("manifest.json") }

  /// The case of an object and a style in file names, e.g. `fox-noto`.
  package static func name(_ object: String, _ style: String?) -> String {
    ([object] + (style.map { [$0] } ?? [])).joined(separator: "-")
      .replacingOccurrences(of: " ", with: "_")
  }

  /// The file of a sample's picture.
  /// - Throws: ``LetheError`` of the kind `model` for a name that leads out of the folder
  package func url(_ sample: Sample) throws -> URL {
    try folder.inside(sample.file, "the picture of '\(sample.prompt)'", of: manifestFile)
  }

  /// Samples that have no file.
  package var missing: [Sample] {
    get throws {
      try manifest.samples.filter { !FileManager.default.fileExists(atPath: try url($0).path) }
    }
  }

  // MARK: - Pictures

  /// The texts that a picture carries.
  package struct Recipe: Sendable, Hashable {
    /// How it was drawn: the prompt, then settings, as people paste them.
    package var parameters: String
    /// What it was drawn by: hashes of the base model and of the erasers laid on it.
    package var inputs: String

    package init(_ parameters: String, base: String, erasers: [String]) {
      self.parameters = parameters
      // Differences add up in any order.
      let laid = erasers.sorted().map(JSON.string)
      let json: JSON = ["base": .string(base), "erasers": .array(laid)]
      inputs = json.compact
    }

    static let (parametersKey, inputsKey) = ("parameters", "lethe.inputs")
    var text: [(String, String)] {
      [(Self.parametersKey, parameters), (Self.inputsKey, inputs)]
    }

    /// The parameters but for the version that drew, which comes last.
    static func withoutVersion(_ parameters: String) -> String {
      parameters.components(separatedBy: ", Version: ").dropLast().joined(separator: ", Version: ")
    }
  }

  /// What stands at the place of a picture.
  private enum Found {
    case nothing
    case drawn
    /// The same picture as far as it tells: version 0.1 did not write what it was drawn by.
    case former
    /// - Parameter why: what is wrong with it
    case other(_ why: String)
  }

  private func found(_ sample: Sample, _ recipe: Recipe, imageSize: Int) throws -> Found {
    let file = try url(sample)
    guard let type = try? FileManager.default.attributesOfItem(atPath: file.path)[.type] else {
      return .nothing
    }
    guard type as? FileAttributeType == .typeRegular, let image = try? PNG.read(file),
      let text = try? PNG.text(of: file)
    else { return .other("is no picture that can be read") }
    let width = sample.width ?? manifest.sampling.width ?? imageSize
    let height = sample.height ?? manifest.sampling.height ?? imageSize
    guard image.width == width, image.height == height else {
      return .other("has \(image.width) x \(image.height) pixels, not \(width) x \(height)")
    }
    guard let parameters = text[Recipe.parametersKey],
      Recipe.withoutVersion(parameters) == Recipe.withoutVersion(recipe.parameters)
    else { return .other("was drawn by another request") }
    guard let inputs = text[Recipe.inputsKey] else { return .former }
    return inputs == recipe.inputs ? .drawn : .other("was drawn by another model or other erasers")
  }

  /// The samples whose picture is not there yet.
  /// - Parameter overwrites: whether something else in its place goes
  /// - Throws: ``LetheError`` of the kind `request` for something else in the place of a picture
  private func toDraw(
    _ recipe: (Sample) -> Recipe, imageSize: Int, overwrites: Bool
  ) throws -> [Sample] {
    try manifest.samples.filter { sample in
      switch try found(sample, recipe(sample), imageSize: imageSize) {
      case .drawn: return false
      case .nothing, .former: return true
      case .other(let why):
        guard overwrites else {
          throw LetheError.badValue(
            "--out",
            "\(try url(sample).path) \(why); remove it, choose another folder, or give --overwrite")
        }
        return true
      }
    }
  }

  /// Draws every picture that is not there yet.
  /// - Parameters:
  ///   - batch: the most pictures of one batch
  ///   - stage: the name of the work in progress lines
  ///   - overwrites: whether something else in the place of a picture goes
  ///   - keepsBroken: whether a grey picture stands for one whose numbers are not finite; see ``parted()``
  ///   - condition: the conditioning of some samples; nil embeds their prompts
  ///   - recipe: the texts that each picture carries; a picture that carries them already is kept
  /// - Throws: ``LetheError`` for prompts that the model cannot read, and for files that cannot be written
  package func draw(
    _ model: DiffusionModel, batch: Int, _ run: Run, stage: String,
    overwrites: Bool = true, keepsBroken: Bool = false,
    condition: (([Sample]) throws -> Conditioning)? = nil, recipe: (Sample) -> Recipe
  ) throws {
    try model.check(manifest.samples.map(\.prompt))
    run.note(model.layout.cut(manifest.samples.map(\.prompt))?.note)
    let missing = try toDraw(recipe, imageSize: model.imageSize, overwrites: overwrites)
    let total = manifest.samples.count
    var done = total - missing.count
    run.progress(stage, done, total)
    // Batches are those of a run that nobody interrupted: rounding differs with the size of a batch.
    let open = Set(missing.map(\.file))
    var rest = manifest.samples[...]
    let batch = model.batch(atMost: batch)
    while let first = rest.first {
      try Interrupt.check()
      // Pictures of one batch share size and guidance.
      let members = rest.prefix(batch).prefix {
        $0.guidance == first.guidance && $0.width == first.width && $0.height == first.height
      }
      rest = rest.dropFirst(members.count)
      let wanted = members.count { open.contains($0.file) }
      guard wanted > 0 else { continue }
      var options = manifest.sampling
      options.guidance = first.guidance ?? options.guidance
      options.width = first.width ?? options.width
      options.height = first.height ?? options.height
      let c =
        try condition?(Array(members)) ?? withoutGradients { model.embed(members.map(\.prompt)) }
      let images = try model.finiteImages(given: c, seeds: members.map(\.seed), options)
      for (sample, image) in zip(members, images) where open.contains(sample.file) {
        var text = recipe(sample).text
        if image == nil {
          guard keepsBroken else {
            throw DiffusionModel.notFinite("the picture of '\(sample.prompt)', seed \(sample.seed)")
          }
          text.append((Self.brokenKey, "not finite"))
        }
        let shown =
          image ?? Image.grey(options.width ?? model.imageSize, options.height ?? model.imageSize)
        try PNG.write(shown, text: text, to: try url(sample))
      }
      done += wanted
      run.progress(stage, done, total)
    }
  }

  /// The text that marks a picture which stands for one without finite numbers.
  private static let brokenKey = "lethe.broken"

  /// The samples whose pictures have no finite numbers, and the others, in the manifest's order.
  package func parted() throws -> (whole: [Sample], broken: [Sample]) {
    var parts: (whole: [Sample], broken: [Sample]) = ([], [])
    for sample in manifest.samples {
      if try PNG.text(of: url(sample))[Self.brokenKey] != nil {
        parts.broken.append(sample)
      } else {
        parts.whole.append(sample)
      }
    }
    return parts
  }

  /// All pictures, [N, 3, H, W] in [-1, 1], in the manifest's order.
  package func load() throws -> Tensor { try load(manifest.samples) }

  /// The pictures of some samples [N, 3, H, W].
  package func load(_ samples: [Sample]) throws -> Tensor {
    Image.batch(try samples.map { try PNG.read(url($0)) })
  }
}
