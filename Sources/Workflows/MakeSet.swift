// `lethe make-set`: captioned pictures to forget or to retain, drawn by the model itself.
internal import Diffusion
package import Editing
package import Evaluation
internal import Foundation
package import Torch
package import Training
package import Workbench

/// The command `lethe make-set`.
package struct MakeSet {
  private let model: ModelFolder
  private let concepts: [String]
  private let others: [String]
  private let prompts: [String]
  /// The kind of concepts that the model does not list; it brings their prompts and siblings.
  package var kind: ConceptKind?
  /// Whether pictures of another set in the same folder go.
  package var overwrites = false

  package init(model: ModelFolder, concepts: [String], others: [String], prompts: [String]) {
    (self.model, self.concepts, self.others, self.prompts) = (model, concepts, others, prompts)
  }

  /// Draws `count` prompts at random and a picture of each. Finished pictures are kept.
  /// - Throws: ``LetheError`` of the kind `request` without a prompt, or for `others` with a model that lists no
  ///   subjects
  package func callAsFunction(
    count: Int, steps: Int, guidance: Double, in run: Run, on device: Device
  ) throws -> SampleSet {
    try drawing(count: count, steps: steps, guidance: guidance, seed: run.seed)(in: run, on: device)
  }

  /// The pictures, memory and time of a set that would not be refused, with its samples.
  /// - Parameter out: the folder of the pictures
  package func plan(
    in out: RunFolder, count: Int, steps: Int, guidance: Double, seed: UInt64, on device: Device
  ) throws -> (sentences: [String], samples: [SampleSet.Sample]) {
    let drawing = try drawing(count: count, steps: steps, guidance: guidance, seed: seed)
    let prompts = drawing.samples.map(\.prompt).unique.count
    let plan = CommandPlan(
      sentences: [
        "pictures: \(count) of \(prompts.counted("prompt")), \(Evaluate.words(drawing.sampling))"
      ] + (try drawing.check(out.url, on: device)),
      work: WorkEstimate(pictures: count, drawing.sampling),
      rest: "nothing is judged")
    return (try plan.timed(on: model.model(on: device)), drawing.samples)
  }

  private func drawing(
    count: Int, steps: Int, guidance: Double, seed: UInt64
  ) throws -> Generate {
    let themes = try model.listedThemes()
    for (option, names) in [("--concept", concepts), ("--others", others)]
    where names.contains(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw LetheError.badValue(option, "an empty text names nothing that could be drawn")
    }
    for name in concepts { try themes?.refuseMisspelling(name, escape: "--prompt") }
    for name in others { try themes?.refuseMisspelling(name, "--others", escape: "--prompt") }
    var pool = prompts
    func resolved(_ names: [String]) throws -> [Concept] {
      try names.map {
        try Concept.resolve($0, in: themes, replacement: nil, ConceptWording(kind: kind))
      }
    }
    pool += try resolved(concepts).flatMap(\.prompts)
    if !others.isEmpty {
      let siblings = Erasure(forget: try resolved(others)).othersOfKind
      if siblings.isEmpty { _ = try model.themes(for: "--others", accepted: "--kind or --prompt") }
      pool += themes.map { Erasure.others(than: others, in: $0) } ?? siblings
    }
    guard !pool.isEmpty, count >= 1 else {
      throw LetheError.badValue(
        "make-set",
        "\(pool.count.counted("prompt")), --count \(count); give --concept, --others or --prompt, and a --count of at least 1"
      )
    }
    let order = Tensor.permutation(pool.count, Generator(seed: seed))
    let samples = (0..<count).map { i in
      SampleSet.Sample(
        "\(i)", 0, prompt: pool[order[i % order.count]], seed: seed &+ UInt64(i))
    }
    var sampling = SamplingOptions()
    (sampling.steps, sampling.guidance) = (steps, guidance)
    var generate = Generate(ModelReference(model), sampling, samples, batch: 8)
    generate.overwrites = overwrites
    return generate
  }
}
