internal import Diffusion
internal import Torch
internal import TorchNN
internal import Training

extension TrainModel {
  /// Minimizes E | eps_theta(x_t | c) - target |^2, weighted by min(SNR, gamma), over drawings and their captions.
  func trainDenoiser(
    _ model: DiffusionModel, _ data: StyledObjects, _ latents: (mean: Tensor, deviation: Tensor)
  ) throws {
    let names = model.parameters.paths.filter { $0.components.first != "vae" }
    let parameters = names.compactMap { model.parameters[$0] }
    if try restore("denoiser", names, parameters) { return }
    let training = recipe.denoiser.training
    for parameter in parameters { parameter.requiresGradient = true }
    var loop = TrainingLoop("denoiser", training, run)
    let picks = stride(from: 0, to: data.objects.count, by: max(1, data.objects.count / 6)).prefix(
      6)
    let prompts = picks.flatMap { i in
      data.styles.map {
        recipe.captions.fill(recipe.captions.both[0], object: data.objects[i], style: $0)
      }
    }
    loop.drawSamples(
      prompts, of: model, parameters, every: recipe.denoiser.sampleEvery,
      guidance: recipe.denoiser.sampleGuidance, columns: data.styles.count, in: run)
    let scalingFactor = try model.codec.scalingFactor
    try loop.fit(parameters) { step in
      let b = training.batch
      let picks = Tensor.randint(below: data.pictures.count, [b], step.generator)
      let g = step.generator
      let shape = [b] + latents.mean.shape.dropFirst()
      let x0 =
        (latents.mean.indexed(0, picks.to(device))
          + latents.deviation.indexed(0, picks.to(device)) * Tensor.randn(shape, g).to(device))
        * scalingFactor
      let prompts = picks.ints.map { i -> String in
        let picture = data.pictures[i]
        return recipe.captions.draw(
          object: data.objects[picture.object], style: data.styles[picture.style], step)
      }
      let eps = Tensor.randn(shape, g).to(device)
      let t = Tensor.randint(below: model.schedule.steps, [b], g).to(device)
      let xt = model.schedule.noised(x0, eps, at: t)
      let output = model.predict(xt, at: t, given: model.embed(prompts)).to(.float32)
      let error = (output - model.schedule.target(x0, eps, at: t)).squared().mean(1, 2, 3)  // [B]
      let weights = model.schedule.minSNRWeights(at: t, gamma: recipe.denoiser.minSNR)
      return descend((error * weights).mean(), parameters)
    }
    for parameter in parameters { parameter.requiresGradient = false }
    try keep("denoiser", names, parameters)
    loop.finish()
  }
}
