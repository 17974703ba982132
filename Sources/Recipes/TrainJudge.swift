// `lethe train` for judges: one network that names the subjects of a picture, e.g. its object and its style.
internal import Diffusion
internal import Evaluation
package import Foundation
package import Torch
internal import TorchNN
package import Training

/// The command `lethe train` for a judge.
package struct TrainJudge {
  package let recipe: JudgeRecipe
  package let run: Run
  package let device: Device

  package init(_ recipe: JudgeRecipe, _ run: Run, on device: Device) {
    (self.recipe, self.run, self.device) = (recipe, run, device)
  }

  /// Trains the judge, measures it on pictures that were held out, and writes `judge/` in the run's folder.
  /// - Parameter dataRoot: the folder that the recipe's data folder is relative to
  package func callAsFunction(dataRoot: URL) throws {
    let folder = dataRoot.appendingPathComponent(recipe.data.folder)
    try run.claim(for: recipe, data: folder, result: "judge")
    if recipe.data.styles.isEmpty {
      let images = try CaptionedImages(folder: folder)
      run.note(images.skippedNote.map { "\(folder.path): \($0)" })
      try trainOnClasses(images)
    } else {
      try trainOnStyledObjects(folder)
    }
  }

  private func card(_ heads: [String: [String]], size: Int) -> JudgeNetwork.Card {
    var card = JudgeNetwork.Card(heads: heads)
    (card.widths, card.size) = (recipe.widths, size)
    return card
  }

  // MARK: - Data

  /// The judge is trained on all pictures but those that are held out, and measured on the latter.
  private func trainOnClasses(_ images: CaptionedImages) throws {
    let classes = recipe.data.objects.isEmpty ? images.classes : recipe.data.objects
    guard !classes.isEmpty else {
      throw LetheError.malformed(
        recipe.data.folder.filePlace, "its pictures have captions and no classes")
    }
    try Self.check(classes, Set(images.captions).sorted())
    let size = try images.picture(0).width
    let (seen, heldOut) = images.filter(classes.contains).heldOut(every: recipe.heldOutEvery)
    guard seen.count > 0 else { throw Self.nothingLeft(recipe.heldOutEvery) }
    var card = card(["object": classes], size: size)
    let (training, unseen) = (
      try JudgeExamples(seen, of: classes, size: size, on: device),
      try JudgeExamples(heldOut, of: classes, size: size, on: device)
    )
    let judge = try train("judge", card, training)
    try record(judge, &card, unseen, "judge")
    card.measured["heldOut"] = .string(
      "every \(recipe.heldOutEvery)th picture of each class was kept out of training")
    // The reference has pictures that no training saw, where there are any.
    try save(judge, card, reference: heldOut.count > 0 ? unseen : training)
  }

  /// Refuses classes that no picture has, and one that comes twice.
  private static func check(_ classes: [String], _ known: [String]) throws {
    if let stray = classes.first(where: { !known.contains($0) }) {
      throw LetheError.unknown("class", stray, known: known, in: "data.objects")
    }
    if let twice = classes.firstRepeated {
      throw LetheError.badValue("data.objects", "'\(twice)' comes twice; accepted: each name once")
    }
  }

  private static func nothingLeft(_ every: Int) -> LetheError {
    .badValue("heldOutEvery", "\(every) leaves no picture for the training; accepted: 0, or more")
  }

  private func trainOnStyledObjects(_ folder: URL) throws {
    let data = try StyledObjects(
      folder: folder, objects: recipe.data.objects, styles: recipe.data.styles)
    // Drawings of objects that the judge need not name teach it the styles.
    let others = try StyledObjects(folder: folder, objects: nil, styles: recipe.data.styles)
      .without(data.objects)
    let examples = try JudgeExamples(data, others: others, on: device)
    let heldOut = data.pictures.indices.filter { i in
      recipe.heldOutEvery > 0 && data.pictures[i].object % recipe.heldOutEvery == 0
        && data.pictures[i].style == data.pictures[i].object % data.styles.count
    }
    guard heldOut.count < data.pictures.count else { throw Self.nothingLeft(recipe.heldOutEvery) }
    var card = card(
      ["object": data.objects, "style": data.styles], size: examples.pictures.size(3))
    // The judge in the folder is trained on all drawings. Its accuracy is measured on a second judge of
    // the same recipe, whose training lacks one drawing of each object.
    let judge = try train("judge", card, examples)
    try save(judge, card, reference: examples)
    guard !heldOut.isEmpty else { return }
    var (seen, unseen) = (examples, examples)
    seen.known = data.pictures.indices.filter { !Set(heldOut).contains($0) }
    unseen.known = heldOut
    let other = try train("judge-held-out", card, seen)
    try record(other, &card, unseen, "judge-held-out")
    card.measured["heldOut"] = .string(
      "one picture of each object, in style number (object mod \(data.styles.count)), was kept out of "
        + "the training of a judge of the same recipe; the judge in this folder saw all pictures")
    try judge.save(to: run.file("judge"), card: card)
  }

  // MARK: - Training

  /// Minimizes the sum of the kinds' cross-entropies on augmented pictures.
  private func train(_ stage: String, _ card: JudgeNetwork.Card, _ data: JudgeExamples) throws
    -> JudgeNetwork
  {
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
    let batch = recipe.training.batch
    let known =
      data.more.isEmpty
      ? batch : Int(bounded: (Double(batch) * recipe.namedShare).rounded(.down), 0...batch)
    try loop.fit(parameters) { step in
      func draw(_ pool: [Int], _ count: Int) -> [Int] {
        count == 0
          ? [] : Tensor.randint(below: pool.count, [count], step.generator).ints.map { pool[$0] }
      }
      let picks = draw(data.known, known) + draw(data.more, batch - known)
      let x = recipe.augmentation.applied(to: data.pictures.indexed(0, picks), step.generator)
      let features = judge.features(x, training: true)
      var loss = Tensor.zeros([], on: device)
      for kind in card.kinds {
        let answers = data.answers(kind, of: picks).to(device)
        loss =
          loss + (kind == "style" ? recipe.styleWeight : 1)
          * judge.logits(features, kind).crossEntropy(answers, smoothing: recipe.smoothing)
      }
      return descend(loss, parameters)
    }
    for parameter in parameters { parameter.requiresGradient = false }
    try settleStatistics(judge, data.pictures.indexed(0, data.known))
    try SafeTensors.write(
      Dictionary(
        uniqueKeysWithValues: judge.parameters.tensors.map { ($0.name, $1.detached()) }), to: done)
    loop.finish()
    return judge
  }

  /// Computes the running statistics of the final weights, over clean and augmented pictures. They are not part of the
  /// training state: they begin anew, so that a resumed run ends with the same ones.
  private func settleStatistics(_ judge: JudgeNetwork, _ x: Tensor) throws {
    try withoutGradients {
      for (path, statistic) in judge.parameters.tensors where path.name.contains("running_") {
        statistic.copy(
          from: path.name.hasSuffix("running_var")
            ? Tensor.ones(like: statistic) : Tensor.zeros(like: statistic))
      }
      let g = Generator(seed: recipe.seed &+ 5)
      for round in 0..<recipe.settlingBatches {
        try Interrupt.check()
        run.progress("statistics", round, recipe.settlingBatches)
        let picks = Tensor.randint(below: x.size(0), [recipe.settlingBatch], g)
        let batch = x.indexed(0, picks.to(device))
        _ = judge.features(
          round % 2 == 0 ? batch : recipe.augmentation.applied(to: batch, g), training: true)
      }
    }
  }
}
