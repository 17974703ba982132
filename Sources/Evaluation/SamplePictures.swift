// The pictures of a sample set: drawn where they are missing, told apart from other files, and read.
package import Diffusion
internal import Foundation
package import Torch
package import Training

extension SampleSet {
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
    run.progress(stage, done, total, done > 0 ? "\(done) are there already" : "")
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
        try PNG.write(image ?? Image.grey(width, height), text: text, to: try url(sample))
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
