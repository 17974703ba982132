// `lethe train` for DDPM (Ho et al., 2020): a U-Net over pixels, with classes (Ho & Salimans, 2022) or without.
internal import Diffusion
package import Foundation
package import Torch
internal import TorchNN
package import Training

package struct DDPMRecipe: Codable, Sendable {
  package struct DataSource: Codable, Sendable {
    /// See ``CaptionedImages``.
    package var folder = "data/animals"
    /// Every n-th picture of each class is kept out, for judges and membership attacks; 0 keeps none out.
    package var heldOutEvery = 10
    /// Whether the pictures' classes are told; without them the model is unconditional.
    package var classes = true
    /// Whether half of the pictures are mirrored.
    package var mirrored = false
    package init() {}
  }
  package var kind = "ddpm"
  package var name = "animals"
  package var seed: UInt64 = 1
  package var data = DataSource()
  /// diffusers' configuration of `UNet2DModel`, and of the scheduler.
  package var unet = JSON.object([:])
  package var scheduler = JSON.object([:])
  package var training = Training()
  /// Share of pictures shown without their class.
  package var emptyShare = 0.1
  package var sampleEvery = 1000
  /// Guidance of the samples of a model with classes.
  package var sampleGuidance = 2.0
  package init() {}
}

package struct TrainDDPM {
  package let recipe: DDPMRecipe
  package let run: Run
  package let device: Device

  package init(_ recipe: DDPMRecipe, _ run: Run, on device: Device) {
    (self.recipe, self.run, self.device) = (recipe, run, device)
  }

  /// The recipe's network as it begins.
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
  package func callAsFunction(dataRoot: URL) throws {
    let folder = dataRoot.appendingPathComponent(recipe.data.folder)
    try run.claim(for: recipe, data: folder, result: "model")
    let images = try CaptionedImages(folder: folder)
    let classes = recipe.data.classes ? images.classes : []
    guard !recipe.data.classes || !classes.isEmpty else {
      throw LetheError.badValue(
        "data.classes", "the pictures of \(recipe.data.folder) have captions, not classes")
    }
    let model = try initialModel(classes: classes)
    let seen = images.heldOut(every: recipe.data.heldOutEvery).seen
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
      try autocast(recipe.training.bfloat16 ? .bfloat16 : nil, on: device) {
        descend(try objective.loss(model, &step), parameters)
      }
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
