// `lethe train` for text-to-image models: tokenizer, autoencoder, then text encoder and U-Net together.
internal import Diffusion
package import Foundation
package import Torch
internal import TorchNN
package import Training

/// Everything that makes a small Stable Diffusion: data, shapes, and how each stage is trained.
package struct ModelRecipe: Codable, Sendable {
  package struct DataSource: Codable, Sendable {
    package var folder = "data/emoji"
    package var objects: [String] = []
    package var styles = ["noto", "openmoji", "emojione", "symbola", "line"]
    package init() {}
  }
  package struct Tokenizer: Codable, Sendable {
    package var size = 1024
    package var length = 16
    package init() {}
  }
  package struct Autoencoder: Codable, Sendable {
    package var training = Training()
    /// Weight of KL(q || N(0, 1)), averaged over latent numbers, beside L1 + MSE.
    package var klWeight = 1e-3
    /// Share of pictures that are mirrored, 0 to 1.
    package var mirroredShare = 0.5
    package init() {}
  }
  /// Sharpens the decoder on latents that no longer move; the U-Net does not notice.
  package struct Decoder: Codable, Sendable {
    package var training = Training()
    /// Noise added to latents, as a deviation before scaling: a sampler's latents are never quite on the spot.
    package var noise = 0.05
    package init() {}
  }
  package struct Denoiser: Codable, Sendable {
    package var training = Training()
    /// gamma of min-SNR weighting (Hang et al., 2023).
    package var minSNR = 5.0
    package var sampleEvery = 1000
    package var sampleGuidance = 4.0
    package init() {}
  }
  package var kind = "stable-diffusion"
  package var name = "emoji"
  package var seed: UInt64 = 1
  /// A model folder whose tensors are the beginning, where names and shapes agree; empty for none.
  /// A smaller network can begin as a larger one with parts left out.
  package var start = ""
  package var data = DataSource()
  package var captions = Captions()
  package var tokenizer = Tokenizer()
  package var vae = JSON.object([:])
  package var unet = JSON.object([:])
  package var textEncoder = JSON.object([:])
  package var scheduler = JSON.object([:])
  package var autoencoder = Autoencoder()
  package var decoder = Decoder()
  package var denoiser = Denoiser()
  package init() {}
}

package struct TrainModel {
  package let recipe: ModelRecipe
  package let run: Run
  package let device: Device

  package init(_ recipe: ModelRecipe, _ run: Run, on device: Device) {
    (self.recipe, self.run, self.device) = (recipe, run, device)
  }

  /// Trains what is not yet trained and writes `model/` in the run's folder.
  package func callAsFunction(dataRoot: URL) throws {
    let folder = dataRoot.appendingPathComponent(recipe.data.folder)
    let chosen = try StyledObjects(
      folder: folder, objects: recipe.data.objects, styles: recipe.data.styles)
    let model = try initialModel(chosen)
    if !recipe.start.isEmpty {
      try begin(model, from: dataRoot.appendingPathComponent(recipe.start))
    }
    let pictures = try chosen.load().to(device)
    try trainAutoencoder(model, folder: folder, chosen: pictures)
    let scaling = model.codec.scalingFactor
    let latents = try encodeAll(model, pictures)
    // The schedule assumes latents of unit variance; the factor is measured, then written down.
    let deviation = latents.mean.variance().sqrt().item
    var layout = model.layout
    layout.configs[.vae]?["scaling_factor"] = .number((1 / deviation * 1e5).rounded() / 1e5)
    let scaled = try DiffusionModel(layout, model.parameters.source { _ in false }, on: device)
    try run.record([
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
    try run.record([
      "stage": "start", "from": .string(recipe.start), "taken": .int(taken),
      "of": .int(model.parameters.paths.count), "left": .int(start.parameters.paths.count - taken),
    ])
  }

  // MARK: - Autoencoder

  /// L1 + MSE + w KL(q(z | x) || N(0, 1)) over every picture of the data set.
  private func trainAutoencoder(_ model: DiffusionModel, folder: URL, chosen: Tensor) throws {
    let names = model.parameters.paths.filter { $0.components.first == "vae" }
    let parameters = names.compactMap { model.parameters[$0] }
    if try restore("autoencoder", names, parameters) { return }
    let all = try StyledObjects(folder: folder, objects: nil, styles: recipe.data.styles).load()
    let training = recipe.autoencoder.training
    for parameter in parameters { parameter.requiresGradient = true }
    let loop = TrainingLoop("autoencoder", training, run)
    try loop.fit(parameters) { step in
      let picks = Tensor.randint(below: all.size(0), [training.batch], step.generator)
      var x = all.indexed(0, picks).to(device)
      if step.uniform() < recipe.autoencoder.mirroredShare { x = x.flipped(3) }
      let loss = autocast(training.bfloat16 ? .bfloat16 : nil, on: device) {
        let (mean, logVariance) = model.codec.posterior(x)
        let noise = Tensor.randn(mean.shape, step.generator).to(device)
        let y = model.codec.reconstruct(mean + (0.5 * logVariance).exp() * noise).to(.float32)
        let kl = 0.5 * (mean.squared() + logVariance.exp() - 1 - logVariance).mean()
        return y.meanAbsoluteError(x) + y.meanSquaredError(x) + recipe.autoencoder.klWeight * kl
      }
      return descend(loss, parameters)
    }
    for parameter in parameters { parameter.requiresGradient = false }
    try keep("autoencoder", names, parameters)
    loop.finish()
    try recordPSNR("autoencoder", model, chosen)
  }

  /// L1 + MSE of decoded latents over the chosen pictures; encoder and latents stay as they are.
  private func trainDecoder(
    _ model: DiffusionModel, _ latents: (mean: Tensor, deviation: Tensor), _ chosen: Tensor
  ) throws {
    let names = model.parameters.paths.filter {
      $0.components.first == "vae"
        && ($0.components.contains("decoder") || $0.components.contains("post_quant_conv"))
    }
    let parameters = names.compactMap { model.parameters[$0] }
    if try restore("decoder", names, parameters) { return }
    let training = recipe.decoder.training
    guard training.steps > 0 else { return }
    for parameter in parameters { parameter.requiresGradient = true }
    let loop = TrainingLoop("decoder", training, run)
    try loop.fit(parameters) { step in
      let picks = Tensor.randint(below: chosen.size(0), [training.batch], step.generator).to(device)
      let (mean, deviation) = (latents.mean.indexed(0, picks), latents.deviation.indexed(0, picks))
      let noise = Tensor.randn(mean.shape, step.generator).to(device)
      let z = mean + (deviation + recipe.decoder.noise) * noise
      let (x, y) = (chosen.indexed(0, picks), model.codec.reconstruct(z))
      return descend(y.meanAbsoluteError(x) + y.meanSquaredError(x), parameters)
    }
    for parameter in parameters { parameter.requiresGradient = false }
    try keep("decoder", names, parameters)
    loop.finish()
    try recordPSNR("decoder", model, chosen)
  }

  private func recordPSNR(_ stage: String, _ model: DiffusionModel, _ x: Tensor) throws {
    let z = try encodeAll(model, x)
    let mse = withoutGradients { () -> Double in
      let parts = stride(from: 0, to: x.size(0), by: 64).map { i -> Double in
        let n = min(64, x.size(0) - i)
        let y = model.codec.reconstruct(z.mean.narrowed(0, i, n)).clamped(-1, 1)
        return y.meanSquaredError(x.narrowed(0, i, n)).item * Double(n)
      }
      return parts.reduce(0, +) / Double(x.size(0))
    }
    try run.record(["stage": .string(stage), "psnr": .number(10 * log10(4 / mse))])
  }

  // MARK: - Finished stages

  /// Puts the result of an earlier run of a stage in place, if there is one.
  private func restore(_ stage: String, _ names: [ParameterPath], _ parameters: [Tensor]) throws
    -> Bool
  {
    let file = run.file("\(stage).safetensors")
    guard FileManager.default.fileExists(atPath: file.path) else { return false }
    let stored = try SafeTensors(contentsOf: file, finite: true).tensors
    for (name, tensor) in zip(names, parameters) {
      guard let found = stored[name.name], found.shape == tensor.shape else {
        throw LetheError.malformed(file, "it is the result of another recipe; choose another --out")
      }
      withoutGradients { tensor.copy(from: found) }
    }
    return true
  }

  private func keep(_ stage: String, _ names: [ParameterPath], _ parameters: [Tensor]) throws {
    try SafeTensors.write(
      Dictionary(uniqueKeysWithValues: zip(names.map(\.name), parameters.map { $0.detached() })),
      to: run.file("\(stage).safetensors"))
  }

  private func encodeAll(_ model: DiffusionModel, _ x: Tensor) throws -> (
    mean: Tensor, deviation: Tensor
  ) {
    withoutGradients {
      let parts = stride(from: 0, to: x.size(0), by: 64).map {
        model.codec.posterior(x.narrowed(0, $0, min(64, x.size(0) - $0)))
      }
      return (
        Tensor.concatenate(parts.map(\.mean)),
        (0.5 * Tensor.concatenate(parts.map(\.logVariance))).exp()
      )
    }
  }

  // MARK: - Text encoder and U-Net

  /// E | eps_theta(x_t | c) - target |^2, weighted by min(SNR, gamma), over pairs and their captions.
  private func trainDenoiser(
    _ model: DiffusionModel, _ data: StyledObjects, _ latents: (mean: Tensor, deviation: Tensor)
  ) throws {
    let names = model.parameters.paths.filter { $0.components.first != "vae" }
    let parameters = names.compactMap { model.parameters[$0] }
    if try restore("denoiser", names, parameters) { return }
    let training = recipe.denoiser.training
    for parameter in parameters { parameter.requiresGradient = true }
    var loop = TrainingLoop("denoiser", training, run)
    loop.every = recipe.denoiser.sampleEvery
    loop.observe = { step, kept in
      try withoutGradients {
        let current = parameters.map { $0.detached().cloned() }
        Foreach.copy(parameters, from: kept)
        defer { Foreach.copy(parameters, from: current) }
        try drawSamples(model, data, step)
      }
    }
    try loop.fit(parameters) { step in
      let b = training.batch
      let picks = Tensor.randint(below: data.pictures.count, [b], step.generator)
      let g = step.generator
      let shape = [b] + latents.mean.shape.dropFirst()
      let x0 =
        (latents.mean.indexed(0, picks.to(device))
          + latents.deviation.indexed(0, picks.to(device)) * Tensor.randn(shape, g).to(device))
        * model.codec.scalingFactor
      let prompts = picks.ints.map { i -> String in
        let picture = data.pictures[i]
        return recipe.captions.draw(
          object: data.objects[picture.object], style: data.styles[picture.style], step)
      }
      let eps = Tensor.randn(shape, g).to(device)
      let t = Tensor.randint(below: model.schedule.steps, [b], g).to(device)
      let xt = model.schedule.noised(x0, eps, at: t)
      let loss = autocast(training.bfloat16 ? .bfloat16 : nil, on: device) {
        let output = model.predict(xt, at: t, given: model.embed(prompts)).to(.float32)
        let error = (output - model.schedule.target(x0, eps, at: t)).squared().mean(1, 2, 3)  // [B]
        return (error * model.schedule.minSNRWeights(at: t, gamma: recipe.denoiser.minSNR)).mean()
      }
      return descend(loss, parameters)
    }
    for parameter in parameters { parameter.requiresGradient = false }
    try keep("denoiser", names, parameters)
    loop.finish()
  }

  /// A few objects in every style, as one picture in `samples/`.
  private func drawSamples(_ model: DiffusionModel, _ data: StyledObjects, _ step: Int) throws {
    let picks = stride(from: 0, to: data.objects.count, by: max(1, data.objects.count / 6)).prefix(
      6)
    let prompts = picks.flatMap { i in
      data.styles.map {
        recipe.captions.fill(recipe.captions.both[0], object: data.objects[i], style: $0)
      }
    }
    var options = SamplingOptions()
    options.guidance = recipe.denoiser.sampleGuidance
    let images = try model.images(prompts, seeds: prompts.indices.map { UInt64($0) }, options)
    try Run.makeFolder(run.file("samples"))
    let name = String(format: "samples/%06d.png", step)
    try PNG.write(Image.grid(images, columns: data.styles.count), to: run.file(name))
  }
}
