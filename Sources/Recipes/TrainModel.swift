// `lethe train` for text-to-image models: tokenizer, autoencoder, then text encoder and U-Net together.
internal import Diffusion
package import Foundation
package import Torch
internal import TorchNN
package import Training

/// The command `lethe train` for a text-to-image model.
package struct TrainModel {
  package let recipe: ModelRecipe
  package let run: Run
  package let device: Device

  package init(_ recipe: ModelRecipe, _ run: Run, on device: Device) {
    (self.recipe, self.run, self.device) = (recipe, run, device)
  }

  /// Trains the stages that are not finished, and writes `model/` in the run's folder.
  /// - Parameter dataRoot: the folder that the recipe's data folder is relative to
  package func callAsFunction(dataRoot: URL) throws {
    try Captions.check(
      Checked(try JSON(encoding: recipe.captions), "captions", .request), hasStyles: true)
    let folder = dataRoot.appendingPathComponent(recipe.data.folder)
    try run.claim(
      for: recipe, data: folder, result: "model",
      start: recipe.start.isEmpty ? nil : dataRoot.appendingPathComponent(recipe.start))
    let chosen = try StyledObjects(
      folder: folder, objects: recipe.data.objects, styles: recipe.data.styles)
    let model = try initialModel(chosen)
    let captions = chosen.objects.flatMap { object in
      chosen.styles.flatMap { recipe.captions.all(object: object, style: $0) }
    }
    run.note(model.layout.cut(Set(captions).sorted())?.note)
    if !recipe.start.isEmpty {
      try begin(model, from: dataRoot.appendingPathComponent(recipe.start))
    }
    let pictures = try chosen.load().to(device)
    try trainAutoencoder(model, folder: folder, chosen: pictures)
    let scaling = try model.codec.scalingFactor
    let latents = try encodeAll(model, pictures)
    // The schedule assumes latents of unit variance. The scaling factor is measured and written to the configuration.
    let deviation = latents.mean.variance().sqrt().item
    var layout = model.layout
    layout.configs[.vae]?["scaling_factor"] = .number((1 / deviation * 1e5).rounded() / 1e5)
    let scaled = try DiffusionModel(layout, model.parameters.source { _ in false }, on: device)
    try run.recordOnce([
      "stage": "latents", "deviation": .number(deviation), "scaling": .number(scaling),
    ])
    try trainDenoiser(scaled, chosen, latents)
    try trainDecoder(scaled, latents, pictures)
    try scaled.save(to: run.file("model"), dtype: .float16)
    var themes = Themes(
      objects: chosen.objects, styles: chosen.styles, judge: "../judges/\(recipe.name)")
    themes.captions = recipe.captions
    try AtomicFile.write(
      Data(try JSON(encoding: themes).pretty.utf8), to: run.file("model/themes.json"))
  }

  private func initialModel(_ data: StyledObjects) throws -> DiffusionModel {
    let texts = data.objects.flatMap { object in
      data.styles.flatMap { recipe.captions.all(object: object, style: $0) }
    }
    let (vocabulary, merges) = BytePairs.train(on: texts, size: recipe.tokenizer.size)
    let pairs = BytePairs(
      vocabulary: Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) }),
      merges: merges)
    let tokenizer = try CLIPTokenizer(pairs: pairs, length: recipe.tokenizer.length)
    var text = recipe.textEncoder
    text["vocab_size"] = .int(vocabulary.count)
    text["max_position_embeddings"] = .int(recipe.tokenizer.length)
    text["bos_token_id"] = .int(tokenizer.startToken)
    text["eos_token_id"] = .int(tokenizer.endToken)
    text["pad_token_id"] = .int(tokenizer.padToken)
    let layout = Layout(
      configs: [.vae: recipe.vae, .unet: recipe.unet, .textEncoder: text],
      scheduler: recipe.scheduler, tokenizer: tokenizer,
      tokenizerFiles: try tokenizer.files(vocabulary: vocabulary, merges: merges))
    return try DiffusionModel(layout, .initial(Generator(seed: recipe.seed)), on: device)
  }

  /// Copies the tensors of the start model whose names and shapes agree.
  private func begin(_ model: DiffusionModel, from folder: URL) throws {
    let start = try DiffusionModel.load(folder, on: device)
    var taken = 0
    withoutGradients {
      for path in model.parameters.paths {
        guard let own = model.parameters[path], let other = start.parameters[path],
          own.shape == other.shape
        else { continue }
        own.copy(from: other)
        taken += 1
      }
    }
    try run.recordOnce([
      "stage": "start", "from": .string(recipe.start), "taken": .int(taken),
      "of": .int(model.parameters.paths.count), "left": .int(start.parameters.paths.count - taken),
    ])
  }

  // MARK: - Finished stages

  /// Puts the weights of a finished stage in place.
  /// - Returns: whether the stage was finished
  func restore(_ stage: String, _ names: [ParameterPath], _ parameters: [Tensor]) throws
    -> Bool
  {
    let file = run.file("\(stage).safetensors")
    guard FileManager.default.fileExists(atPath: file.path) else { return false }
    let stored = try SafeTensors(contentsOf: file, finite: true).tensors
    for (name, tensor) in zip(names, parameters) {
      guard let found = stored[name.name], found.shape == tensor.shape else {
        throw LetheError.malformed(
          file,
          "it is the result of another recipe: '\(name.name)' is missing or has another shape; choose another --out"
        )
      }
      withoutGradients { tensor.copy(from: found) }
    }
    return true
  }

  /// Writes the weights of a finished stage.
  func keep(_ stage: String, _ names: [ParameterPath], _ parameters: [Tensor]) throws {
    try SafeTensors.write(
      Dictionary(uniqueKeysWithValues: zip(names.map(\.name), parameters.map { $0.detached() })),
      to: run.file("\(stage).safetensors"))
  }
}
