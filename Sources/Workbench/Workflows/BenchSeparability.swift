// `lethe bench separability`: concepts erased, given back and erased again, beside methods whose
// erasers are trained alone and added.
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Reports
package import Torch
internal import TorchNN
package import Training
internal import Unlearning

package struct BenchSeparability {
  package var model: String
  package var methods = ["sepme", "ablation", "esd"]
  package var kinds: [Themes.Kind] = [.object, .style]
  package var settings: [String] = []
  package var seed: UInt64 = 0
  package var options = EvaluationOptions()
  package var command: [String] = []

  package init(model: String) { self.model = model }

  @discardableResult
  package func callAsFunction(in run: Run, on device: Device) throws -> Results {
    guard methods.contains("sepme") else {
      throw LetheError.badValue(
        "--methods", "'sepme' must be among them; it sets the scenes")
    }
    for stray in settings where !methods.contains(where: { stray.hasPrefix($0 + ".") }) {
      throw LetheError.badValue(
        "--set", "'\(stray)' names no method of this bench; use METHOD.key=value")
    }
    let folder = URL(fileURLWithPath: model)
    guard let themes = try Themes.load(folder) else {
      throw LetheError.model("\(model) has no themes.json, which says what it can be judged for")
    }
    var cells: [SeparabilityCell] = []
    var galleries: [SeparabilityGallery] = []
    let base = try DiffusionModel.load(folder, on: device)
    let network = try JudgeNetwork.load(themes.judgeFolder(of: folder), on: device)
    for kind in kinds {
      let part = try SeparabilityPart(self, kind, themes, base, network, run)
      try part.measure { cells.append($0) }
      galleries += try part.galleries()
      try write(cells, galleries, network, run)
    }
    return try write(cells, galleries, network, run)
  }

  @discardableResult
  private func write(
    _ cells: [SeparabilityCell], _ galleries: [SeparabilityGallery], _ network: JudgeNetwork,
    _ run: Run
  ) throws -> Results {
    let results = Results(
      rows: cells.flatMap { $0.rows(options.seeds) }, quick: options.quick, seeds: options.seeds,
      sampling: options.sampling, judge: network.card.measured)
    try AtomicFile.write(
      Data(try JSON(encoding: results).pretty.utf8), to: run.file("results.json"))
    let tables = SeparabilityTables(cells)
    try AtomicFile.write(Data(tables.markdown.utf8), to: run.file("results.md"))
    let html = try tables.page(galleries, command: command, quick: options.quick).html()
    try AtomicFile.write(Data(html.utf8), to: run.file("report.html"))
    return results
  }
}

/// What is measured of one concept at one moment.
struct SeparabilityCell {
  enum State: String { case forgotten, restored, untouched }
  var kind: String
  var method: String
  /// Scene and moment, or "alone".
  var moment: String
  var concept: String
  var state: State
  var n: Int
  var right: Int
  var frechet: Double
  var perceptual: Double
  /// Largest difference of a pixel from the original's picture, in 255ths.
  var difference: Int
  /// The same for captions that no eraser was asked to keep.
  var paraphraseRight: Int
  var paraphraseDifference: Int
  var paraphraseN: Int

  func rows(_ seeds: Int) -> [ResultRow] {
    let subject = "\(kind) \(moment) \(concept) \(state.rawValue)"
    func row(_ name: String, _ value: Double, _ n: Int) -> ResultRow {
      ResultRow(method, subject, MeasuredValue(name, value, value, value, n: n), seeds: seeds)
    }
    var rows = [
      ResultRow(method, subject, .share("accuracy", right, of: n), seeds: seeds),
      row("frechet-to-original", frechet, n), row("perceptual", perceptual, n),
      row("largest-difference", Double(difference), n),
    ]
    if paraphraseN > 0 {
      rows.append(
        ResultRow(
          method, subject, .share("paraphrase-accuracy", paraphraseRight, of: paraphraseN),
          seeds: seeds))
      rows.append(
        row("paraphrase-largest-difference", Double(paraphraseDifference), paraphraseN))
    }
    return rows
  }
}

/// One picture of each concept at every moment of a scene.
struct SeparabilityGallery {
  var title: String
  var columns: [String]
  var rows: [(label: String, cells: [(picture: Data, caption: String, state: String)])]
}

/// Objects or styles of a model, through all scenes.
private struct SeparabilityPart {
  let bench: BenchSeparability
  let kind: Themes.Kind
  let themes: Themes
  let base: DiffusionModel
  let network: JudgeNetwork
  let run: Run
  /// c0, c1, ...; the first `managed` are erased at some time.
  let concepts: [String]
  let managed: Int
  let partners: [String]
  let entries: [EraserSet.Entry]

  init(
    _ bench: BenchSeparability, _ kind: Themes.Kind, _ themes: Themes, _ base: DiffusionModel,
    _ network: JudgeNetwork, _ run: Run
  ) throws {
    (self.bench, self.kind, self.themes) = (bench, kind, themes)
    (self.base, self.network, self.run) = (base, network, run)
    let g = Generator(seed: bench.seed)
    let objects = Tensor.permutation(themes.objects.count, g).map { themes.objects[$0] }
    let styles = Tensor.permutation(themes.styles.count, g).map { themes.styles[$0] }
    let pool = kind == .object ? objects : styles
    concepts = Array(pool.prefix(9))
    // Three are never managed, or two where there are few.
    managed = max(1, min(6, concepts.count - (concepts.count > 5 ? 3 : 2)))
    let partners = kind == .object ? themes.styles : Array(objects.prefix(5))
    self.partners = partners
    entries = try concepts.map {
      try .managed($0, in: themes, prompts: [], paraphrases: [], partners: partners)
    }
  }

  private var scenes: [SeparabilityScene] {
    (bench.options.quick ? Array(SeparabilityScene.all.prefix(1)) : SeparabilityScene.all)
      .map { $0.limited(to: managed) }
  }

  // MARK: - Pictures

  private func samples(_ chosen: [Int], template: Int, seeds: Int) -> [SampleSet.Sample] {
    chosen.flatMap { i in
      partners.flatMap { partner in
        (0..<seeds).map { k in
          let (object, style) =
            kind == .object ? (concepts[i], partner) : (partner, concepts[i])
          return SampleSet.Sample(
            "\(template)-\(object)-\(style)".replacingOccurrences(of: " ", with: "_"), k,
            prompt: themes.captions.fill(
              themes.captions.both[template], object: object, style: style),
            seed: UInt64(1000 + k), subjects: ["object": object, "style": style])
        }
      }
    }
  }

  /// Judged caption first, then one paraphrase of each.
  private func allSamples(_ chosen: [Int]) -> [SampleSet.Sample] {
    samples(chosen, template: 0, seeds: bench.options.seeds)
      + (themes.captions.both.count > 1 ? samples(chosen, template: 1, seeds: 1) : [])
  }

  private func pictures(
    _ name: String, _ chosen: [Int], _ erasers: [TrainedEraser]
  ) throws -> SampleSet {
    let key = erasers.map(\.key).sorted().joined(separator: "+")
    let folder = run.file("\(kind.rawValue)/pictures/\(name)-\(String(key.fingerprint, radix: 16))")
    let set = try SampleSet.create(
      folder,
      .init(
        sampling: bench.options.sampling, model: base.hash(), erasers: [key],
        samples: allSamples(chosen)))
    guard !set.missing.isEmpty else { return set }
    let edited = try base.applying(
      try erasers.map { try Eraser(contentsOf: $0.file).difference }.reduce(.zero, +))
    try set.draw(
      edited, batch: bench.options.batch, run,
      stage: "\(kind.rawValue) \(name) \(erasers.count) erasers"
    ) { Generate.recipe($0, bench.options.sampling, ModelReference(bench.model)) }
    return set
  }

  // MARK: - Erasers

  /// An eraser on disk; what it was trained to keep is part of its key.
  struct TrainedEraser: Hashable {
    var concept: Int
    var key: String
    var file: URL
  }

  /// SepME's erasers of `new`, which know every concept of `known`.
  private func separable(_ new: [Int], known: [Int]) throws -> [TrainedEraser] {
    let settings = bench.settings.filter { $0.hasPrefix("sepme.") }
      .map { String($0.dropFirst("sepme.".count)) }
    let method = try TrainErasers(settings: settings).method
    let found = new.map { i -> (TrainedEraser, SepME.Request) in
      let kept = known.filter { $0 != i }.flatMap { entries[$0].prompts }
      let regular = themes.allPrompts.filter { !$0.mentions(concepts[i]) }
      let text = ([concepts[i]] + kept + settings).joined(separator: "\n")
      let key = "sepme-\(concepts[i].slug)-\(String(text.fingerprint, radix: 16))"
      return (
        TrainedEraser(
          concept: i, key: key, file: run.file("\(kind.rawValue)/erasers/\(key).safetensors")),
        SepME.Request(entries[i].concept, keeping: kept, regular: regular)
      )
    }
    let missing = found.filter { !FileManager.default.fileExists(atPath: $0.0.file.path) }
    guard !missing.isEmpty else { return found.map(\.0) }
    let folder = try Run(
      run.file(
        "\(kind.rawValue)/training/\(String(missing.map(\.0.key).joined().fingerprint, radix: 16))"),
      seed: bench.seed)
    folder.onProgress = { run.progress("\(kind.rawValue) \($0.stage)", $0.done, $0.total, $0.note) }
    let start = Date()
    let erasers = try method.erasers(for: missing.map(\.1), of: base, folder)
    try Run.makeFolder(run.file("\(kind.rawValue)/erasers"))
    for ((eraser, _), made) in zip(missing, erasers) {
      var card = Eraser.Card()
      (card.method, card.concepts, card.base) = (
        SepME.name, [concepts[eraser.concept]], base.hash()
      )
      (card.options, card.seed) = (try JSON(encoding: method), bench.seed)
      card.version = Version.current
      try Eraser(card, made).write(to: eraser.file)
    }
    try run.record([
      "stage": "erasers", "kind": .string(kind.rawValue),
      "concepts": .array(missing.map { .string(concepts[$0.0.concept]) }),
      "seconds": .number(Date().timeIntervalSince(start)),
    ])
    return found.map(\.0)
  }

  /// Another method's erasers, each trained alone.
  private func added(_ method: String, _ chosen: [Int]) throws -> [TrainedEraser] {
    try chosen.map { i in
      var job = EraseJob()
      (job.model, job.method, job.concepts) = (bench.model, method, [concepts[i]])
      (job.seed, job.command) = (bench.seed, bench.command)
      let settings = bench.settings.filter { $0.hasPrefix(method + ".") }
        .map { String($0.dropFirst(method.count + 1)) }
      let name = "\(kind.rawValue)/\(method)-\(concepts[i].slug)"
      let part = try Run(run.file(name), seed: bench.seed)
      part.onProgress = { run.progress("\(name): \($0.stage)", $0.done, $0.total, $0.note) }
      try Erase(job, settings: settings, exports: false)(in: part, on: base.device)
      return TrainedEraser(
        concept: i, key: "\(method)-\(concepts[i].slug)",
        file: part.file("increment.safetensors"))
    }
  }

  // MARK: - Scenes

  private struct Moment {
    var scene: String
    var label: String
    var active: [TrainedEraser]
    var managed: [Int]
  }

  private func moments(_ method: String) throws -> [Moment] {
    var moments: [Moment] = []
    let scenes = method == SepME.name ? scenes : Array(scenes.prefix(1))
    for scene in scenes {
      var active: [TrainedEraser] = []
      var known: [Int] = []
      for moment in scene.moments {
        known += moment.erase
        active +=
          method == SepME.name
          ? try separable(moment.erase, known: known) : try added(method, moment.erase)
        active.removeAll { moment.restore.contains($0.concept) }
        moments.append(
          Moment(scene: scene.name, label: moment.label, active: active, managed: known))
      }
    }
    return moments
  }

  func measure(_ record: (SeparabilityCell) -> Void) throws {
    let all = Array(concepts.indices)
    let original = try pictures("original", all, [])
    let before = try original.load()
    for i in all {
      record(try cell("original", "original", i, .untouched, original, before, before))
    }
    for method in bench.methods {
      for moment in try moments(method) {
        let set = try pictures(method, all, moment.active)
        let after = try set.load()
        for i in all {
          let state: SeparabilityCell.State =
            moment.active.contains { $0.concept == i }
            ? .forgotten : moment.managed.contains(i) ? .restored : .untouched
          record(
            try cell(method, "\(moment.scene) \(moment.label)", i, state, set, before, after))
        }
      }
      // Each eraser of the first moment by itself.
      guard let first = scenes.first?.moments.first else { continue }
      let erasers =
        method == SepME.name
        ? try separable(first.erase, known: first.erase) : try added(method, first.erase)
      for eraser in erasers {
        let own = try pictures("\(method)-alone", [eraser.concept], [eraser])
        let rows = original.manifest.samples.indices.filter { r in
          own.manifest.samples.contains(original.manifest.samples[r])
        }
        record(
          try cell(
            method, "alone", eraser.concept, .forgotten, own, before.indexed(0, rows), own.load()))
      }
    }
  }

  private func cell(
    _ method: String, _ moment: String, _ i: Int, _ state: SeparabilityCell.State,
    _ set: SampleSet, _ before: Tensor, _ after: Tensor
  ) throws -> SeparabilityCell {
    let name = concepts[i]
    func rows(_ template: Int) -> [Int] {
      set.manifest.samples.indices.filter {
        set.manifest.samples[$0].subjects[kind.rawValue] == name
          && set.manifest.samples[$0].caseNumber.hasPrefix("\(template)-")
      }
    }
    func judged(_ rows: [Int]) throws -> (right: Int, features: Tensor, difference: Int) {
      let (x, y) = (before.indexed(0, rows), after.indexed(0, rows))
      let seen = try Evaluate.judged(
        y, asked: rows.map { set.manifest.samples[$0].subjects }, network)
      return (
        seen.seen.filter { $0[kind.rawValue] == name }.count, seen.features,
        Int(((x - y).abs().flattened().max(0).item * 127.5).rounded())
      )
    }
    let own = rows(0)
    let (x, y) = (before.indexed(0, own), after.indexed(0, own))
    let seen = try judged(own)
    let reference = withoutGradients { network.features(x) }
    let other = rows(1)
    let paraphrase = other.isEmpty ? nil : try judged(other)
    let distances = PerceptualDistance(network)(x, y)
    return SeparabilityCell(
      kind: kind.rawValue, method: method, moment: moment, concept: name, state: state,
      n: own.count, right: seen.right,
      frechet: Gaussian(seen.features).distance(to: Gaussian(reference)),
      perceptual: distances.reduce(0, +) / Double(max(1, distances.count)),
      difference: seen.difference, paraphraseRight: paraphrase?.right ?? 0,
      paraphraseDifference: paraphrase?.difference ?? 0, paraphraseN: other.count)
  }

  /// The first seed of the first partner, at every moment.
  func galleries() throws -> [SeparabilityGallery] {
    let all = Array(concepts.indices)
    let original = try pictures("original", all, [])
    func row(
      _ label: String, _ set: SampleSet, _ state: (Int) -> String
    ) throws -> (label: String, cells: [(picture: Data, caption: String, state: String)]) {
      (
        label,
        try all.compactMap { i in
          guard
            let sample = set.manifest.samples.first(where: {
              $0.subjects[kind.rawValue] == concepts[i]
            })
          else { return nil }
          return (
            try Data(contentsOf: set.url(sample)),
            "\(sample.prompt) · seed \(sample.seed) · \(state(i))", state(i)
          )
        }
      )
    }
    return try bench.methods.map { method in
      var rows = [try row("original", original) { _ in "original" }]
      for moment in try moments(method) {
        rows.append(
          try row(
            "\(moment.scene) \(moment.label)", pictures(method, all, moment.active)
          ) { i in
            moment.active.contains { $0.concept == i }
              ? "forgotten" : moment.managed.contains(i) ? "restored" : "untouched"
          })
      }
      return SeparabilityGallery(
        title: "\(kind.rawValue.capitalized)s, \(method)", columns: concepts, rows: rows)
    }
  }
}
