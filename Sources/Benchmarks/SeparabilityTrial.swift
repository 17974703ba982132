internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Unlearning
internal import Workbench
internal import Workflows

/// One method in the scenes of one kind. Erasers are trained, switched on and off, and the pictures compared with the
/// original's.
struct SeparabilityTrial {
  let method: String
  /// The method's `--set` options.
  let settings: Settings
  /// The method, where its erasers can be switched one by one.
  let separable: (any SeparableMethod)?
  let cast: SeparabilityCast
  let options: BenchmarkOptions
  let base: DiffusionModel
  let judge: any Judge
  let spec: JudgeSpec
  let run: Run

  var kind: String { cast.kind }
  private var isSeparable: Bool { separable != nil }
  private var pictures: SeparabilityPictures {
    SeparabilityPictures(cast: cast, options: options, base: base, run: run)
  }

  func callAsFunction() throws -> Trial.Findings {
    let all = Array(cast.concepts.indices)
    var found = Trial.Findings()
    (found.judge, found.judges) = (
      judge.about.measured, [spec.description: judge.about.hash]
    )
    let original = try pictures("original", all, [])
    let before = try original.load()
    for i in all {
      found.rows += try rows("original", .original, i, .untouched, original, before, before)
      found.pictures += [picture("original", .original, i, .untouched, original)]
    }
    found.settings = try optionSources()
    if let sentence = blindness(found.rows) { found.notes.append(sentence) }
    for moment in try moments() {
      for eraser in moment.active where found.erasers[eraser.key] == nil {
        found.erasers[eraser.key] = try Eraser(contentsOf: eraser.file).hash()
      }
      for eraser in moment.active where !isSeparable {
        let part = RunFolder(eraser.file.deletingLastPathComponent().path)
        found.stopped += try part.stopped(RowLabel(method), cast.concepts[eraser.concept])
      }
      let set = try pictures(method, all, moment.active)
      let after = try set.load()
      for i in all {
        let (label, state) = (moment.label, moment.state(of: i))
        found.rows += try rows(method, label, i, state, set, before, after)
        found.pictures += [picture(method, label, i, state, set)]
      }
    }
    // Each eraser of the first moment by itself.
    guard let first = scenes.first?.moments.first else { return found }
    for eraser in try erasers(first.erase, known: first.erase) {
      let own = try pictures("\(method)-alone", [eraser.concept], [eraser])
      let picks = original.manifest.samples.indices.filter { r in
        own.manifest.samples.contains(original.manifest.samples[r])
      }
      found.rows += try rows(
        method, .alone, eraser.concept, .forgotten, own, before.indexed(0, picks), own.load())
    }
    // A judge that cannot tell has no rates.
    if !found.notes.isEmpty { found.rows.removeAll { SceneMetric.rates.contains($0.metric) } }
    return found
  }

  /// The method's options as METHOD.key, with their sources.
  private func optionSources() throws -> [OptionSource] {
    func sources<M: UnlearningMethod>(_ method: M) throws -> [OptionSource] {
      try options.model.sources(
        of: JSON(encoding: method), defaults: JSON(encoding: M()), .methods, [M.name],
        given: [settings], as: M.self)
    }
    let sources =
      try separable.map { try sources($0) }
      ?? Erase(
        options.job(method, cast.concepts[0]), [settings], catalogs: options.catalogs
      ).optionSources()
    return sources.map { OptionSource("\(method).\($0.key)", $0.value, $0.source) }
  }

  // MARK: - Scenes

  /// A separable method goes through all scenes. Erasers that are trained alone go through the first.
  private var scenes: [SeparabilityScene] {
    let all =
      options.evaluation.quick || !isSeparable
      ? Array(SeparabilityScene.all.prefix(1)) : SeparabilityScene.all
    return all.map { $0.limited(to: cast.managed) }
  }

  private struct Moment {
    var label: SceneMoment
    var active: [TrainedEraser]
    var managed: [Int]

    func state(of i: Int) -> ConceptState {
      active.contains { $0.concept == i }
        ? .forgotten : managed.contains(i) ? .restored : .untouched
    }
  }

  private func moments() throws -> [Moment] {
    try scenes.flatMap { scene -> [Moment] in
      var active: [TrainedEraser] = []
      var known: [Int] = []
      return try scene.moments.map { moment in
        known += moment.erase
        active += try erasers(moment.erase, known: known)
        active.removeAll { moment.restore.contains($0.concept) }
        return Moment(
          label: .scene(scene.name, moment: moment.label), active: active, managed: known)
      }
    }
  }

  // MARK: - Erasers

  private func erasers(_ new: [Int], known: [Int]) throws -> [TrainedEraser] {
    try separable.map { try separableErasers(new, known: known, by: $0) }
      ?? addedErasers(new, known: known)
  }

  /// The prompts of the other concepts of `known`, which every method is given to keep.
  private func kept(for i: Int, _ known: [Int]) -> [String] {
    known.filter { $0 != i }.flatMap { cast.entries[$0].prompts }
  }

  /// Separable erasers of the concepts `new`, trained to keep the prompts of every concept of `known`.
  private func separableErasers(
    _ new: [Int], known: [Int], by separable: any SeparableMethod
  ) throws -> [TrainedEraser] {
    let found = new.map { i -> (TrainedEraser, SeparableRequest) in
      let kept = kept(for: i, known)
      let text = ([cast.concepts[i]] + kept + (settings == [:] ? [] : [settings.json.compact]))
        .joined(separator: "\n")
      let key = "\(method)-\(cast.concepts[i].slug)-\(String(text.fingerprint, radix: 16))"
      let file = run.file("\(kind)/erasers/\(key).safetensors")
      return (
        TrainedEraser(concept: i, key: key, file: file),
        SeparableRequest(cast.entries[i].concept, keeping: kept, regular: cast.regular(for: i))
      )
    }
    let missing = try found.filter { try !isThere($0.0, by: separable) }
    guard !missing.isEmpty else { return found.map(\.0) }
    let name = String(missing.map(\.0.key).joined().fingerprint, radix: 16)
    let folder = try Run(run.file("\(kind)/training/\(name)"), seed: options.seed)
    let cards = try missing.map { try JSON(encoding: card($0.0, by: separable)) }
    folder.identity =
      RunIdentity("bench separability", .array(cards + missing.map { .string($0.0.key) })).hash
    folder.onProgress = { run.progress("\(kind) \($0.stage)", $0.done, $0.total, $0.note) }
    let start = Date()
    let erasers = try separable.erasers(for: missing.map(\.1), of: base, folder)
    try Run.makeFolder(run.file("\(kind)/erasers"))
    for ((eraser, _), made) in zip(missing, erasers) {
      try Eraser(card(eraser, by: separable), made).write(to: eraser.file)
    }
    try run.record([
      "stage": "erasers", "kind": .string(kind),
      "concepts": .array(missing.map { .string(cast.concepts[$0.0.concept]) }),
      "seconds": .number(Date().timeIntervalSince(start)),
    ])
    return found.map(\.0)
  }

  private func card(
    _ eraser: TrainedEraser, by separable: any SeparableMethod
  ) throws -> Eraser.Card {
    var card = Eraser.Card()
    (card.method, card.concepts) = (method, [cast.concepts[eraser.concept]])
    (card.base, card.version) = (base.hash(), Version.current)
    (card.options, card.seed) = (try JSON(encoding: separable), options.seed)
    return card
  }

  /// Whether an eraser was trained before, of this model, with these options and this seed.
  private func isThere(
    _ eraser: TrainedEraser, by separable: any SeparableMethod
  ) throws -> Bool {
    guard FileManager.default.fileExists(atPath: eraser.file.path) else { return false }
    var (found, own) = (try Eraser(contentsOf: eraser.file).card, try card(eraser, by: separable))
    (found.version, own.version) = ("", "")
    // Options that came later have their defaults in an older file.
    found.options = type(of: separable).completed(found.options)
    guard found == own else {
      throw LetheError.badValue(
        "--out",
        "\(eraser.file.path) is of another model, seed or options; choose another folder or remove it"
      )
    }
    return true
  }

  /// The erasers of another method, each trained alone on the captions that separable ones have, and to keep the same
  /// prompts: those of the other concepts of `known`, and the everyday ones that shape a separable eraser's basis.
  private func addedErasers(_ chosen: [Int], known: [Int]) throws -> [TrainedEraser] {
    try chosen.map { i in
      let preserved = (kept(for: i, known) + cast.regular(for: i)).unique
      let job = try options.job(method, cast.concepts[i], preserve: preserved)
      let name = "\(kind)/\(method)-\(cast.concepts[i].slug)"
      let part = try Run(run.file(name), seed: options.seed)
      part.onProgress = { run.progress("\(name): \($0.stage)", $0.done, $0.total, $0.note) }
      try Erase(job, [settings], catalogs: options.catalogs)(in: part, on: base.device)
      return TrainedEraser(
        concept: i, key: "\(method)-\(cast.concepts[i].slug)", file: part.runFolder.eraserFile)
    }
  }
}
