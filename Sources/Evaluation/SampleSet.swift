package import Diffusion
package import Foundation
package import Processes
internal import Torch
internal import Training

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

    /// The options of its drawing: its own guidance and size where it has them.
    package func sampling(over options: SamplingOptions) -> SamplingOptions {
      options.with(guidance: guidance, width: width, height: height)
    }

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
  /// - Parameter ranks: the processes that draw it; the first one makes it
  /// - Throws: ``LetheError`` of the kind `request` for the folder of another manifest
  package static func create(
    _ folder: URL, _ manifest: Manifest, overwrites: Bool = true, by ranks: Ranks = .alone
  ) throws -> SampleSet {
    try ranks.first { _ = try make(folder, manifest, overwrites: overwrites) }
    return SampleSet(folder: folder, manifest: manifest)
  }

  private static func make(
    _ folder: URL, _ manifest: Manifest, overwrites: Bool
  ) throws -> SampleSet {
    try Run.makeFolder(folder)
    let set = SampleSet(folder: folder, manifest: manifest)
    for sample in try set.replaced(overwrites: overwrites) { set.remove(sample) }
    try AtomicFile.write(Data(JSON(encoding: manifest).pretty.utf8), to: set.manifestFile)
    return set
  }

  /// Finds what ``create(_:_:overwrites:by:)`` would be refused for, and writes nothing.
  package static func check(_ folder: URL, _ manifest: Manifest, overwrites: Bool) throws {
    _ = try SampleSet(folder: folder, manifest: manifest).replaced(overwrites: overwrites)
  }

  /// The samples of an earlier manifest in the folder whose pictures go.
  private func replaced(overwrites: Bool) throws -> [Sample] {
    let (set, file) = (self, manifestFile)
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
      return gone
    }
    return []
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
    guard WriteTurn.isMine, let file = try? url(sample), let text = try? PNG.text(of: file),
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
}
