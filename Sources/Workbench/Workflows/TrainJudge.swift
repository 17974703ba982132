internal import Diffusion
// `lethe train` for judges: one network that says which object and which style a picture shows.
internal import Evaluation
public import Foundation
public import Torch
internal import TorchNN
public import Training

public struct JudgeRecipe: Codable, Sendable {
  public var kind = "judge"
  public var name = "emoji"
  public var seed: UInt64 = 1
  public var data = ModelRecipe.DataSource()
  public var widths = [24, 48, 96, 128]
  public var training = Training()
  public var augmentation = Augmentation()
  /// One picture of every n-th object is kept out of training, its style going round; 0 keeps none.
  public var heldOutEvery = 1
  public init() {}
}

public struct TrainJudge {
  public let recipe: JudgeRecipe
  public let run: Run
  public let device: Device

  public init(_ recipe: JudgeRecipe, _ run: Run, on device: Device) {
    (self.recipe, self.run, self.device) = (recipe, run, device)
  }

  public func callAsFunction(dataRoot: URL) throws {
    let data = try StyledObjects(
      folder: dataRoot.appendingPathComponent(recipe.data.folder), objects: recipe.data.objects,
      styles: recipe.data.styles)
    let pictures = try data.load().to(device)
    // Objects that the judge need not name still teach it the styles.
    let others = try StyledObjects(
      folder: dataRoot.appendingPathComponent(recipe.data.folder), objects: nil,
      styles: recipe.data.styles
    ).without(data.objects)
    let more = (pictures: try others.load().to(device), styles: others.pictures.map(\.style))
    let heldOut = data.pictures.indices.filter { i in
      recipe.heldOutEvery > 0 && data.pictures[i].object % recipe.heldOutEvery == 0
        && data.pictures[i].style == data.pictures[i].object % data.styles.count
    }
    var card = JudgeNetwork.Card(heads: ["object": data.objects, "style": data.styles])
    card.widths = recipe.widths
    card.size = pictures.size(3)
    // The judge that is kept sees every picture; what it would say of unseen ones is measured on a
    // second judge of the same recipe, from which one picture of each object was kept away.
    let judge = try train("judge", card, data, pictures, on: Array(data.pictures.indices), more)
    try judge.save(to: run.file("judge"), card: card)
    // What real pictures look like to the judge, so that distances need no data set.
    let features = featureRows(judge, pictures)
    let index = data.pictures.map { [$0.object, $0.style] }.flatMap { $0 }
    try SafeTensors.write(
      ["features": features.to(.float16), "subjects": Tensor(index, [data.pictures.count, 2])],
      to: run.file("judge/reference.safetensors"))
    guard !heldOut.isEmpty else { return }
    let seen = data.pictures.indices.filter { !Set(heldOut).contains($0) }
    let other = try train("judge-held-out", card, data, pictures, on: seen, more)
    for (kind, result) in accuracy(other, data, pictures, heldOut) {
      card.measured["heldOut.\(kind)"] = try JSON(encoding: result)
      try run.record([
        "stage": "judge-held-out", "kind": .string(kind), "accuracy": .number(result.value),
        "n": .int(result.n),
      ])
    }
    card.measured["heldOut"] = .string(
      "one picture of each object, in style number (object mod \(data.styles.count)), was kept out of "
        + "the training of a judge of the same recipe; the judge in this folder saw all pictures")
    try judge.save(to: run.file("judge"), card: card)
  }

  private func featureRows(_ judge: JudgeNetwork, _ x: Tensor) -> Tensor {
    withoutGradients {
      Tensor.concatenate(
        stride(from: 0, to: x.size(0), by: 64).map {
          judge.features(x.narrowed(0, $0, min(64, x.size(0) - $0)))
        })
    }
  }

  /// Cross-entropy on augmented pictures: of both answers for known objects, of the style for others.
  private func train(
    _ stage: String, _ card: JudgeNetwork.Card, _ data: StyledObjects, _ pictures: Tensor,
    on chosen: [Int], _ more: (pictures: Tensor, styles: [Int])
  ) throws -> JudgeNetwork {
    let judge = try JudgeNetwork(card, .initial(Generator(seed: recipe.seed)), on: device)
    let isStatistic: (ParameterPath) -> Bool = { $0.name.contains("running_") }
    let names = judge.parameters.paths.filter { !isStatistic($0) }
    let parameters = names.compactMap { judge.parameters[$0] }
    for parameter in parameters { parameter.requiresGradient = true }
    let loop = TrainingLoop(stage, recipe.training, run)
    let done = run.file("\(stage).safetensors")
    if FileManager.default.fileExists(atPath: done.path) {
      let stored = try SafeTensors(contentsOf: done, finite: true).tensors
      return try JudgeNetwork(
        card,
        .tensors(Dictionary(uniqueKeysWithValues: stored.map { (ParameterPath($0), $1.cloned()) })),
        on: device)
    }
    try loop.fit(parameters) { step in
      let known = recipe.training.batch * 3 / 4
      let picks = Tensor.randint(below: chosen.count, [known], step.generator).ints
        .map { chosen[$0] }
      let rest = Tensor.randint(
        below: more.styles.count, [recipe.training.batch - known], step.generator
      ).ints
      let x = recipe.augmentation.applied(
        to: Tensor.concatenate([pictures.indexed(0, picks), more.pictures.indexed(0, rest)]),
        step.generator)
      let features = judge.features(x, training: true)
      let objects = Tensor(picks.map { data.pictures[$0].object }).to(device)
      let styles = Tensor(picks.map { data.pictures[$0].style } + rest.map { more.styles[$0] })
      let loss =
        judge.logits(features.narrowed(0, 0, known), "object").crossEntropy(
          objects, smoothing: 0.02)
        + 0.5 * judge.logits(features, "style").crossEntropy(styles.to(device), smoothing: 0.02)
      return descend(loss, parameters)
    }
    for parameter in parameters { parameter.requiresGradient = false }
    settleStatistics(judge, pictures.indexed(0, chosen))
    try SafeTensors.write(
      Dictionary(
        uniqueKeysWithValues: judge.parameters.tensors.map { ($0.name, $1.detached()) }), to: done)
    loop.finish()
    return judge
  }

  /// Running statistics of the kept weights, over clean and augmented pictures; they are not part of
  /// the training state, so a resumed run ends with the same ones.
  private func settleStatistics(_ judge: JudgeNetwork, _ x: Tensor) {
    withoutGradients {
      let g = Generator(seed: recipe.seed &+ 5)
      for round in 0..<60 {
        let picks = Tensor.randint(below: x.size(0), [64], g)
        let batch = x.indexed(0, picks.to(device))
        _ = judge.features(
          round % 2 == 0 ? batch : recipe.augmentation.applied(to: batch, g), training: true)
      }
    }
  }

  private func accuracy(
    _ judge: JudgeNetwork, _ data: StyledObjects, _ pictures: Tensor, _ chosen: [Int]
  ) -> [(String, Measured)] {
    let features = featureRows(judge, pictures.indexed(0, chosen))
    func share(_ kind: String, _ truth: [Int]) -> (String, Measured) {
      let seen = withoutGradients { judge.logits(features, kind).argmax(1) }.ints
      return (kind, .share("accuracy", zip(seen, truth).filter { $0 == $1 }.count, of: truth.count))
    }
    return [
      share("object", chosen.map { data.pictures[$0].object }),
      share("style", chosen.map { data.pictures[$0].style }),
    ]
  }
}
