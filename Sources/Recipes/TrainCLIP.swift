// `lethe train` for a CLIP: a tower for pictures and one for texts, on drawings of objects in styles.
internal import Diffusion
internal import Evaluation
package import Foundation
package import Torch
internal import TorchNN
package import Training

/// The command `lethe train` for a CLIP.
package struct TrainCLIP {
  package let recipe: CLIPRecipe
  package let run: Run
  package let device: Device

  package init(_ recipe: CLIPRecipe, _ run: Run, on device: Device) {
    (self.recipe, self.run, self.device) = (recipe, run, device)
  }

  /// Trains the network on all drawings, and its twin on all but those that are withheld. Writes `clip/` in the run's
  /// folder: the network, and `judge.json` with the words that ask it and the twin's measurements.
  /// - Parameter dataRoot: the folder that the recipe's data folder is relative to
  /// - Throws: ``LetheError`` for data or a recipe that make no training, and for a loss that is no finite number
  package func callAsFunction(dataRoot: URL) throws {
    guard recipe.captions.emptyShare == 0, recipe.temperature > 0 else {
      throw LetheError.badValue(
        "captions.emptyShare",
        "\(recipe.captions.emptyShare), temperature \(recipe.temperature); accepted: no empty captions, and a "
          + "temperature above 0")
    }
    try Captions.check(
      Checked(try JSON(encoding: recipe.captions), "captions", .request), hasStyles: true)
    let folder = dataRoot.appendingPathComponent(recipe.data.folder)
    try run.claim(for: recipe, data: folder, result: "clip")
    let objects = recipe.data.objects.isEmpty ? nil : recipe.data.objects
    let data = try StyledObjects(folder: folder, objects: objects, styles: recipe.data.styles)
    let model = try initialModel(data)
    let drawings = Drawings(data, pictures: model.processor(try data.load()).to(device))
    let texts = CaptionTokens(recipe.captions, data, model.files.tokenizer)
    let all = Array(data.pictures.indices)
    try train("clip", model, drawings, texts, on: all)
    try model.save(to: run.file("clip"), dtype: .float16)
    // The works that the drawings come from.
    if let notice = try? InputFile.data(folder.appendingPathComponent("NOTICE"), .json) {
      try AtomicFile.write(notice, to: run.file("clip/NOTICE"))
    }
    try write(measured: [:])
    guard recipe.unseenObjectsEvery > 0 else { return }
    let withheld = Withheld(recipe, data)
    let twin = try initialModel(data)
    let gone = Set(withheld.objects + withheld.drawings)
    try train("twin", twin, drawings, texts, on: all.filter { !gone.contains($0) })
    var measured: [String: JSON] = ["heldOut": .string(withheld.sentence)]
    for value in withheld.measured(twin, drawings, recipe.captions) {
      measured["heldOut.\(value.metric)"] = try JSON(encoding: value)
      try run.recordOnce(["stage": "twin", "measured": JSON(encoding: value)])
    }
    try write(measured: measured)
  }

  /// Writes `judge.json`, which tells a judge the captions of the training as the words for a class.
  private func write(measured: [String: JSON]) throws {
    func words(_ templates: [String], _ slot: String) -> JSON {
      .array(
        templates.map {
          .string(
            $0.replacing("a {\(slot)}", with: "{a}").replacing("{object}", with: "{a}")
              .replacing("{\(slot)}", with: "{name}"))
        })
    }
    let card: JSON = [
      "sees": "the nearest of the given words to a drawing",
      "licence": "that of the works in NOTICE, from whose drawings it learned",
      "templates": [
        "object": words(recipe.captions.object, "name"),
        "style": words(recipe.captions.style, "style"),
      ],
      "measured": .object(measured),
    ]
    try AtomicFile.write(Data(card.pretty.utf8), to: run.file("clip/judge.json"))
  }

  private func initialModel(_ data: StyledObjects) throws -> CLIPModel {
    // The words are the same in every style.
    let captions = data.objects.enumerated().flatMap { i, object in
      recipe.captions.all(object: object, style: data.styles[i % data.styles.count])
    }
    let (vocabulary, merges) = BytePairs.train(on: captions, size: recipe.tokenizer.size)
    let pairs = BytePairs(
      vocabulary: Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) }),
      merges: merges)
    let tokenizer = try CLIPTokenizer(pairs: pairs, length: recipe.tokenizer.length)
    var (text, vision) = (recipe.text, recipe.vision)
    text["model_type"] = "clip_text_model"
    text["vocab_size"] = .int(vocabulary.count)
    text["max_position_embeddings"] = .int(recipe.tokenizer.length)
    text["bos_token_id"] = .int(tokenizer.startToken)
    text["eos_token_id"] = .int(tokenizer.endToken)
    text["pad_token_id"] = .int(tokenizer.padToken)
    vision["model_type"] = "clip_vision_model"
    let size = vision["image_size"] ?? .int(224)
    return try CLIPModel(
      CLIPModel.Files(
        config: [
          "architectures": ["CLIPModel"], "model_type": "clip",
          "projection_dim": .int(recipe.projection), "text_config": text, "vision_config": vision,
          "logit_scale_init_value": .number(-log(recipe.temperature)),
        ],
        preprocessor: [
          "image_processor_type": "CLIPImageProcessor", "do_resize": true,
          "size": ["shortest_edge": size], "resample": 3, "do_center_crop": true,
          "crop_size": ["height": size, "width": size], "do_rescale": true,
          "rescale_factor": .number(1 / 255.0), "do_normalize": true, "do_convert_rgb": true,
          "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
        ],
        tokenizer: tokenizer,
        tokenizerFiles: try tokenizer.files(vocabulary: vocabulary, merges: merges)),
      .initial(Generator(seed: recipe.seed)), on: device)
  }

  /// Minimizes the contrastive loss on augmented drawings, in place. A finished stage is read from its file.
  private func train(
    _ stage: String, _ model: CLIPModel, _ drawings: Drawings, _ texts: CaptionTokens,
    on seen: [Int]
  ) throws {
    let names = model.parameters.paths
    let parameters = names.compactMap { model.parameters[$0] }
    let done = run.file("\(stage).safetensors")
    if FileManager.default.fileExists(atPath: done.path) {
      let stored = try SafeTensors(contentsOf: done, finite: true).tensors
      for (name, tensor) in zip(names, parameters) {
        guard let found = stored[name.name], found.shape == tensor.shape else {
          throw LetheError.malformed(done, "'\(name.name)' is missing or has another shape")
        }
        withoutGradients { tensor.copy(from: found) }
      }
      return
    }
    guard recipe.training.batch <= seen.count else {
      throw LetheError.badValue(
        "training.batch", "\(recipe.training.batch); accepted: 1 to \(seen.count), the drawings")
    }
    let pool = try DrawingPool(recipe, drawings.data, seen)
    for parameter in parameters { parameter.requiresGradient = true }
    let loop = TrainingLoop(stage, recipe.training, run)
    try loop.fit(parameters) { step in
      let order = pool.order(step)
      let picks = Array(order.prefix(recipe.training.batch))
      let others = order.dropFirst(picks.count).prefix(recipe.moreCaptions)
      let drawn = (picks + others).map { texts.draw(drawings.data.pictures[$0], step) }
      let truth = drawings.truth(picks, drawn.map(\.fact)).to(device)
      let x = recipe.augmentation.applied(
        to: drawings.pictures.indexed(0, picks), step.generator)
      let logits = autocast(recipe.training.bfloat16 ? .bfloat16 : nil, on: device) {
        model.logits(model.imageVectors(x), model.textVectors(ids: drawn.map(\.ids)))
      }
      let loss = ContrastiveLoss.loss(logits.to(.float32), truth: truth)
      step.log["scale"] = model.logitScale.exp().item
      return descend(loss, parameters)
    }
    for parameter in parameters { parameter.requiresGradient = false }
    try SafeTensors.write(
      Dictionary(uniqueKeysWithValues: zip(names.map(\.name), parameters.map { $0.detached() })),
      to: done)
    loop.finish()
  }
}
