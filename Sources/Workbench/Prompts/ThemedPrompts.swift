internal import Editing
package import Evaluation
internal import Torch
internal import Training

extension PromptSuite {
  /// The prompts for subjects that a model lists in `themes.json`: every object in every style.
  /// - Throws: ``LetheError`` of the kind `model` for a model without themes, or for concepts that it does not list
  package static func themed(_ job: EraseJob, _ options: EvaluationOptions) throws -> PromptSuite {
    let themes = try job.folder.themes()
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
}
