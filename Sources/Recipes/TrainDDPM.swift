// `lethe train` for DDPM (Ho et al., NeurIPS 2020): a U-Net over pixels, with classes (Ho & Salimans, 2022) or without.
internal import Diffusion
package import Foundation
package import Torch
internal import TorchNN
package import Training

/// The recipe of a DDPM: data, shapes and training.
package struct DDPMRecipe: Codable, Sendable {
  package struct DataSource: Codable, Sendable {
    /// The folder of the pictures, relative to `--data`: a subfolder for each class, or another form that
    /// `erase --data` takes.
    package var folder = "data/animals"
    /// n: training leaves out every n-th picture of each class, for judges and membership attacks. From 0, which leaves
    /// none out.
    package var heldOutEvery = 10
    /// Whether the model is told the pictures' classes. Otherwise it is unconditional.
    package var classes = true
    /// Whether half of the pictures are mirrored.
    package var mirrored = false
    package init() {}
  }
  /// The kind of network that the recipe trains: `ddpm`.
  package var kind = "ddpm"
  /// Name of the model. The `themes.json` of one with classes looks for the judge in `../judges/NAME`.
  package var name = "animals"
  /// The seed of the weights and of all draws.
  package var seed: UInt64 = 1
  /// Pictures of classes.
  package var data = DataSource()
  /// The configuration of diffusers' `UNet2DModel`.
  package var unet = JSON.object([:])
  /// The configuration of the noise schedule.
  package var scheduler = JSON.object([:])
  /// The course of the training. Raise `steps` where pictures do not show their classes.
  package var training = Training()
  /// Share of the pictures, 0 to 1, that are shown without their class, for classifier-free guidance.
  package var emptyShare = 0.1
  /// Steps from one grid of sample pictures to the next, from 1.
  package var sampleEvery = 1000
  /// Guidance of the sample pictures of a model with classes, from 1.
  package var sampleGuidance = 2.0
  package init() {}
}

/// The command `lethe train` for a DDPM.
package struct TrainDDPM {
  package let recipe: DDPMRecipe
  package let run: Run
  package let device: Device

  package init(_ recipe: DDPMRecipe, _ run: Run, on device: Device) {
    (self.recipe, self.run, self.device) = (recipe, run, device)
  }

  /// The recipe's network with its initial weights.
  func initialModel(classes: [String]) throws -> DiffusionModel {
    var unet = recipe.unet
    unet["_class_name"] = "UNet2DModel"
    // The row after the last class is the empty prompt's.
    if !classes.isEmpty { unet["num_class_embeds"] = .int(classes.count + 1) }
    return try DiffusionModel(
      Layout(unet: unet, scheduler: recipe.scheduler, classes: classes),
      .initial(Generator(seed: recipe.seed)), on: device)
  }

  /// Trains, and writes `model/` in the run's folder.
  /// - Parameter dataRoot: the folder that the recipe's data folder is relative to
  /// - Throws: ``LetheError`` for data that cannot be read or has no classes, and for a loss that is no finite number
  package func callAsFunction(dataRoot: URL) throws {
    let folder = dataRoot.appendingPathComponent(recipe.data.folder)
    try run.claim(for: recipe, data: folder, result: "model")
    let images = try CaptionedImages(folder: folder)
    run.note(images.skippedNote.map { "\(folder.path): \($0)" })
    let classes = recipe.data.classes ? images.classes : []
    guard !recipe.data.classes || !classes.isEmpty else {
      throw LetheError.badValue(
        "data.classes",
        "true, but the pictures of \(recipe.data.folder) have captions and no classes; give false")
    }
    let model = try initialModel(classes: classes)
    let seen = images.heldOut(every: recipe.data.heldOutEvery).seen
    guard seen.count > 0 else {
      throw LetheError.badValue(
        "data.heldOutEvery",
        "\(recipe.data.heldOutEvery) leaves no picture for the training; accepted: 0, or more")
    }
    var set = try LatentSet(
      recipe.data.classes ? seen : seen.captioned(""), model
    ) { run.progress("read pictures", $0, $1) }
    set.mirrors = recipe.data.mirrored
    let objective = Denoising.teaching(
      set, model, batch: recipe.training.batch, emptyShare: classes.isEmpty ? 0 : recipe.emptyShare)
    let parameters = model.parameters.paths.compactMap { model.parameters[$0] }
    for parameter in parameters { parameter.requiresGradient = true }
    var loop = TrainingLoop("ddpm", recipe.training, run)
    let columns = 10
    let prompts = (classes.isEmpty ? [""] : classes).flatMap {
      Array(repeating: $0, count: columns)
    }
    loop.drawSamples(
      prompts, of: model, parameters, every: recipe.sampleEvery,
      guidance: classes.isEmpty ? 1 : recipe.sampleGuidance, columns: columns, in: run)
    try loop.fit(parameters) { step in
      descend(try objective.loss(model, &step), parameters)
    }
    for parameter in parameters { parameter.requiresGradient = false }
    try model.save(to: run.file("model"), dtype: .float16)
    if !classes.isEmpty {
      let themes = Themes(classes: classes, judge: "../judges/\(recipe.name)")
      try AtomicFile.write(
        Data(try JSON(encoding: themes).pretty.utf8), to: run.file("model/themes.json"))
    }
    loop.finish()
  }
}
