internal import Diffusion
internal import Editing
package import Evaluation
package import Torch
package import Training

extension PromptSuite {
  /// The prompts for subjects that a model lists in `themes.json`: every object in every style.
  /// - Parameter given: subjects in the place of those of `themes.json`
  /// - Throws: ``LetheError`` of the kind `model` for a model without themes, or for concepts that it does not list
  package static func themed(
    _ job: EraseJob, _ options: EvaluationOptions, of given: Themes? = nil
  ) throws -> PromptSuite {
    let themes = try given ?? job.folder.themes()
    let found = job.concepts.compactMap(themes.find)
    let groups = found.map(\.kind).unique.map { kind in
      Forgotten(kind: kind.rawValue, names: found.filter { $0.kind == kind }.map(\.name))
    }
    guard found.count == job.concepts.count, let forgotten = groups.first else {
      throw LetheError.model(
        "'\(job.concepts.joined(separator: ", "))': \(job.model)/themes.json must list all of them; "
          + "give --judge for concepts in words of your own")
    }
    var question = JudgeQuestion(
      forgotten, classes: ["object": themes.objects, "style": themes.styles])
    // Captions of a judge's classes are the model's own.
    func templates(_ captions: [String]) -> [String] {
      captions.map {
        $0.replacing("{object}", with: "{a}").replacing("{style}", with: "{name}")
      }
    }
    question.templates = [
      "object": templates(themes.captions.object), "style": templates(themes.captions.style),
    ]
    question.plurals = themes.captions.plurals
    var suite = PromptSuite(
      "every pair of object and style of themes.json", question, samples(themes, groups, options))
    suite.beside = groups.dropFirst().first
    return suite
  }

  /// The samples that both models draw. Those of the forgotten subjects come first.
  private static func samples(
    _ themes: Themes, _ groups: [Forgotten], _ options: EvaluationOptions
  ) -> [SampleSet.Sample] {
    var objects = themes.objects
    let gone = Set(groups.flatMap(\.names))
    if options.others > 0 {
      let rest = objects.filter { !gone.contains($0) }
      let every = max(1, rest.count / options.others)
      let chosen = Set(
        rest.enumerated().filter { $0.offset % every == 0 }.prefix(options.others).map(\.element))
      objects = objects.filter { gone.contains($0) || chosen.contains($0) }
    }
    var samples: [SampleSet.Sample] = []
    for pass in [true, false] {
      for object in objects {
        for style in themes.styles.isEmpty ? [nil] : themes.styles.map(Optional.some)
        where (gone.contains(object) || gone.contains(style ?? "")) == pass {
          // A forgotten style is asked for with every object once, a forgotten object several times.
          let isObject = groups.contains { $0.kind == "object" && $0.names.contains(object) }
          let count = isObject ? options.seeds : options.retainSeeds
          let number = SampleSet.name(object, style)
          for k in 0..<count {
            samples.append(
              .init(
                number, k, prompt: themes.prompt(object: object, style: style),
                seed: UInt64(samples.count) &+ options.firstSeed,
                subjects: Themes.subjects(object, style)))
          }
        }
      }
    }
    return samples
  }

  /// The prompts of an audit for subjects that a model lists: many wordings of the concept, and the same wordings of
  /// the subjects that the text encoder holds for its nearest, middle and farthest. Wordings that the erasure trained
  /// on are left out.
  /// - Throws: ``LetheError`` as ``themed(_:_:)``
  package static func asking(
    _ job: EraseJob, _ request: PromptRequest, _ options: EvaluationOptions, on device: Device
  ) throws -> PromptSuite {
    var suite = try themed(job, options)
    let themes = try job.folder.themes()
    let model = try job.folder.model(on: device)
    // A model of classes knows one prompt for each.
    guard suite.beside == nil, (try? model.tokenizer(for: "a prompt")) != nil else { return suite }
    let forgotten = suite.forgotten
    let concepts = try job.forgotten(in: themes)
    let trained = Set(concepts.flatMap(\.prompts))
    let wordings = Wordings(themes, of: forgotten.kind)
    func prompts(_ name: String) -> [Asked] {
      let fitting = wordings.all(name).filter { model.layout.cut([$0.prompt]) == nil }
      let unseen = fitting.filter { !trained.contains($0.prompt) }
      return unseen.isEmpty ? fitting : unseen
    }
    let each = max(1, request.prompts / forgotten.names.count)
    var samples: [SampleSet.Sample] = []
    func add(_ asked: Asked, _ number: String) {
      samples.append(
        .init(
          number, 0, prompt: asked.prompt, seed: UInt64(samples.count) &+ options.firstSeed,
          subjects: asked.subjects))
    }
    for name in forgotten.names {
      for (i, asked) in prompts(name).prefix(each).enumerated() { add(asked, "\(name.slug)-\(i)") }
    }
    // As many pictures at each distance, of however many subjects there are.
    let order = Concept.siblings(of: concepts, in: model).filter { !forgotten.names.contains($0) }
    let count = max(1, min(request.neighbours, order.count / 3))
    let pictures = 3 * request.neighbours * request.wordings
    let times = max(1, pictures / max(1, min(order.count, 3 * count)))
    let middle = (order.count - count) / 2
    for (i, other) in order.enumerated() {
      let distance: Distance
      if order.count < 3 * request.neighbours {
        distance = Distance.allCases[3 * i / order.count]
      } else if i < count {
        distance = .near
      } else if i >= order.count - count {
        distance = .far
      } else if (middle..<(middle + count)).contains(i) {
        distance = .middle
      } else {
        continue
      }
      suite.distances[other] = distance
      let all = prompts(other)
      for k in 0..<min(times, all.count) {
        // Wordings in turn, so that subjects do not share a few of them.
        add(all[(i * times + k) % all.count], "\(distance.rawValue)-\(other.slug)-\(k)")
      }
    }
    (suite.samples, suite.name) = (samples, "wordings of themes.json")
    return suite
  }

  /// A prompt, and the subjects that it asks for.
  private struct Asked {
    let prompt: String
    let subjects: [String: String]
  }

  /// The captions of a model for a name: of an object in each style, of a style with each object.
  private struct Wordings {
    private let themes: Themes
    private let isStyle: Bool

    init(_ themes: Themes, of kind: String) {
      (self.themes, isStyle) = (themes, kind == Themes.Kind.style.rawValue)
    }

    /// The first wording with every partner, then the next one.
    func all(_ name: String) -> [Asked] {
      let captions = themes.captions
      let partners: [String?] = isStyle ? themes.objects : themes.styles
      return (captions.both + (captions.asked ?? [])).flatMap { template in
        (partners.isEmpty ? [nil] : partners).map { partner in
          let (object, style) = isStyle ? (partner ?? "", name) : (name, partner)
          return Asked(
            prompt: captions.fill(template, object: object, style: style),
            subjects: Themes.subjects(object, style))
        }
      }
    }
  }
}
