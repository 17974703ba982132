// The pictures of a sample set: drawn where they are missing, told apart from other files, and read.
package import Diffusion
internal import Foundation
internal import Processes
package import Torch
package import Training

extension SampleSet {
  /// The state of a picture's place.
  private enum Found {
    case nothing
    case drawn
    /// The same picture as far as it tells: version 0.1 did not write what it was drawn by.
    case former
    /// - Parameter why: the fault
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
      Recipe.withoutEnding(parameters) == Recipe.withoutEnding(recipe.parameters)
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

  /// Samples that are drawn at once, and how many of their pictures are missing.
  private struct Batch {
    var members: [Sample]
    var missing: Int
  }

  /// Samples cut into batches that share size and guidance, as in a run that nobody interrupted and that one process
  /// does alone: rounding differs with the size of a batch.
  package static func batches(_ samples: [Sample], of size: Int) -> [[Sample]] {
    var batches: [[Sample]] = []
    var rest = samples[...]
    while let first = rest.first {
      let members = rest.prefix(size).prefix {
        $0.guidance == first.guidance && $0.width == first.width && $0.height == first.height
      }
      rest = rest.dropFirst(members.count)
      batches.append(Array(members))
    }
    return batches
  }

  /// The batches with a missing picture.
  private func batches(of size: Int, missing: Set<String>) -> [Batch] {
    Self.batches(manifest.samples, of: size).compactMap { members in
      let count = members.count { missing.contains($0.file) }
      return count > 0 ? Batch(members: members, missing: count) : nil
    }
  }

  /// Draws every picture that is not there yet. Several ranks take the batches in turn.
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
    // The first rank's look at the folder counts: others may come when it has drawn.
    let open = Set(
      try run.ranks.agree {
        try toDraw(recipe, imageSize: model.imageSize, overwrites: overwrites).map(\.file)
      })
    let total = manifest.samples.count
    let before = total - open.count
    run.progress(stage, before, total, before > 0 ? "\(before) are there already" : "")
    let batches = batches(of: model.batch(atMost: batch), missing: open)
    var drawn = before
    func progress(_ done: Int) {
      drawn = before + batches.prefix(done).reduce(0) { $0 + $1.missing }
      run.progress(stage, drawn, total)
    }
    let writer = PictureWriter()
    // An error of the drawing ends the work after the pictures that are drawn are files.
    defer { try? writer.finish() }
    _ = try run.ranks.map(batches.count, progress: progress) { number -> Int in
      try Interrupt.check()
      let members = batches[number].members
      let options = members[0].sampling(over: manifest.sampling)
      let c =
        try condition?(members) ?? withoutGradients { model.embed(members.map(\.prompt)) }
      let images = try model.finiteImages(given: c, seeds: members.map(\.seed), options) {
        try Interrupt.check()
        run.progress(stage, drawn, total, "step \($0) of \($1)")
      }
      var pictures: [PictureWriter.Picture] = []
      for (sample, image) in zip(members, images) where open.contains(sample.file) {
        let (width, height) = (
          options.width ?? model.imageSize, options.height ?? model.imageSize
        )
        var text = recipe(sample).text((width, height))
        if image == nil {
          guard keepsBroken else {
            throw DiffusionModel.notFinite("the picture of '\(sample.prompt)', seed \(sample.seed)")
          }
          text.append((Self.brokenKey, "not finite"))
        }
        pictures.append(
          .init(image: image ?? Image.grey(width, height), text: text, file: try url(sample)))
      }
      try writer.write(pictures)
      return batches[number].missing
    }
    try writer.finish()
    // The pictures of the other ranks are there as well.
    try run.ranks.meet()
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

  /// Pictures of one size are looked at together: the places of samples, by size.
  package static func bySize(_ samples: [Sample]) -> [[Int]] {
    let sizes = samples.map { [$0.width, $0.height] }
    return sizes.unique.map { size in samples.indices.filter { sizes[$0] == size } }
  }

  /// The pictures of some samples of one size [N, 3, H, W].
  package func load(_ samples: [Sample]) throws -> Tensor {
    Image.batch(try samples.map { try PNG.read(url($0)) })
  }
}
