internal import Diffusion
internal import Foundation
internal import Torch
internal import TorchNN
internal import Training

extension TrainModel {
  /// Minimizes L1 + MSE + w KL(q(z | x) || N(0, 1)) over every picture of the data set.
  /// - Parameter chosen: pictures [N, 3, H, W] on which the PSNR is measured
  func trainAutoencoder(_ model: DiffusionModel, folder: URL, chosen: Tensor) throws {
    let names = model.parameters.paths.filter { $0.components.first == "vae" }
    let parameters = names.compactMap { model.parameters[$0] }
    if try restore("autoencoder", names, parameters) {
      return try recordPSNR("autoencoder", model, chosen)
    }
    let all = try StyledObjects(folder: folder, objects: nil, styles: recipe.data.styles).load()
    let training = recipe.autoencoder.training
    let codec = try model.codec
    for parameter in parameters { parameter.requiresGradient = true }
    let loop = TrainingLoop("autoencoder", training, run)
    try loop.fit(parameters) { step in
      let picks = Tensor.randint(below: all.size(0), [training.batch], step.generator)
      var x = all.indexed(0, picks).to(device)
      if step.uniform() < recipe.autoencoder.mirroredShare { x = x.flipped(3) }
      let (mean, logVariance) = codec.posterior(x)
      let noise = Tensor.randn(mean.shape, step.generator).to(device)
      let y = codec.reconstruct(mean + (0.5 * logVariance).exp() * noise).to(.float32)
      let kl = 0.5 * (mean.squared() + logVariance.exp() - 1 - logVariance).mean()
      let loss = y.meanAbsoluteError(x) + y.meanSquaredError(x) + recipe.autoencoder.klWeight * kl
      return descend(loss, parameters)
    }
    for parameter in parameters { parameter.requiresGradient = false }
    try keep("autoencoder", names, parameters)
    loop.finish()
    try recordPSNR("autoencoder", model, chosen)
  }

  /// Minimizes L1 + MSE of decoded latents over the chosen pictures. The encoder and the latents stay as they are.
  func trainDecoder(
    _ model: DiffusionModel, _ latents: (mean: Tensor, deviation: Tensor), _ chosen: Tensor
  ) throws {
    let names = model.parameters.paths.filter {
      $0.components.first == "vae"
        && ($0.components.contains("decoder") || $0.components.contains("post_quant_conv"))
    }
    let parameters = names.compactMap { model.parameters[$0] }
    if try restore("decoder", names, parameters) {
      return try recordPSNR("decoder", model, chosen)
    }
    let training = recipe.decoder.training
    guard training.steps > 0 else { return }
    let codec = try model.codec
    for parameter in parameters { parameter.requiresGradient = true }
    let loop = TrainingLoop("decoder", training, run)
    try loop.fit(parameters) { step in
      let picks = Tensor.randint(below: chosen.size(0), [training.batch], step.generator).to(device)
      let (mean, deviation) = (latents.mean.indexed(0, picks), latents.deviation.indexed(0, picks))
      let noise = Tensor.randn(mean.shape, step.generator).to(device)
      let z = mean + (deviation + recipe.decoder.noise) * noise
      let (x, y) = (chosen.indexed(0, picks), codec.reconstruct(z))
      return descend(y.meanAbsoluteError(x) + y.meanSquaredError(x), parameters)
    }
    for parameter in parameters { parameter.requiresGradient = false }
    try keep("decoder", names, parameters)
    loop.finish()
    try recordPSNR("decoder", model, chosen)
  }

  /// Records the PSNR of a stage, unless the run has it. A process that was killed after it had kept the weights has
  /// not.
  private func recordPSNR(_ stage: String, _ model: DiffusionModel, _ x: Tensor) throws {
    guard !run.hasRecorded("psnr", ofStage: stage) else { return }
    let (z, codec) = (try encodeAll(model, x), try model.codec)
    let mse = withoutGradients { () -> Double in
      let parts = stride(from: 0, to: x.size(0), by: 64).map { i -> Double in
        let n = min(64, x.size(0) - i)
        let y = codec.reconstruct(z.mean.narrowed(0, i, n)).clamped(-1, 1)
        return y.meanSquaredError(x.narrowed(0, i, n)).item * Double(n)
      }
      return parts.reduce(0, +) / Double(x.size(0))
    }
    try run.recordOnce(["stage": .string(stage), "psnr": .number(10 * log10(4 / mse))])
  }

  /// Mean and standard deviation of the latents of x [N, 3, H, W], 64 at a time.
  func encodeAll(_ model: DiffusionModel, _ x: Tensor) throws -> (
    mean: Tensor, deviation: Tensor
  ) {
    let codec = try model.codec
    return withoutGradients {
      let parts = stride(from: 0, to: x.size(0), by: 64).map {
        codec.posterior(x.narrowed(0, $0, min(64, x.size(0) - $0)))
      }
      return (
        Tensor.concatenate(parts.map(\.mean)),
        (0.5 * Tensor.concatenate(parts.map(\.logVariance))).exp()
      )
    }
  }
}
