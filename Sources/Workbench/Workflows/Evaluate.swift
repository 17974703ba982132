// `lethe evaluate`: the erased model and the original, with the same prompts and seeds, judged.
package import Diffusion
package import Editing
package import Evaluation
internal import Foundation
package import Torch
internal import TorchNN
package import Training

/// How much is drawn.
package struct EvaluationOptions: Codable, Sendable, Hashable {
  package var sampling = SamplingOptions()
  /// Pictures of every prompt of the forgotten subject.
  package var seeds = 4
  /// Pictures of every other prompt.
  package var retainSeeds = 1
  /// Other subjects of the same kind; 0 takes all.
  package var others = 0
  package var batch = 20
  /// The first picture's seed.
  package var firstSeed = 1000
  /// A run this small is for looking, not for quoting.
  package var quick = false

  package init() {}

  /// Under a minute on two cores for a model of the embedded size.
  package static var quickly: EvaluationOptions {
    var options = EvaluationOptions()
    (options.seeds, options.others, options.quick) = (3, 10, true)
    return options
  }
}

package struct Results: Codable, Sendable {
  package var rows: [ResultRow]
  package var quick: Bool
  package var seeds: Int
  package var sampling: SamplingOptions
  package var judge: [String: JSON]
  package init(
    rows: [ResultRow], quick: Bool, seeds: Int, sampling: SamplingOptions, judge: [String: JSON]
  ) {
    (self.rows, self.quick, self.seeds) = (rows, quick, seeds)
    (self.sampling, self.judge) = (sampling, judge)
  }
}

package struct Evaluate {
  package let job: EraseJob
  package let options: EvaluationOptions
  private let folder: URL
  private let themes: Themes
  private let forgotten: Forgotten
  private let network: JudgeNetwork

  /// - Throws: an error that says what the model lacks to be judged
  package init(_ job: EraseJob, _ options: EvaluationOptions) throws {
    folder = URL(fileURLWithPath: job.model)
    guard let themes = try Themes.load(folder) else {
      throw LetheError.model(
        "\(folder.path) has no themes.json, which says what its pictures can be judged for")
    }
    let found = job.concepts.compactMap { themes.find($0) }
    guard found.count == job.concepts.count, let kind = found.first?.kind,
      found.allSatisfy({ $0.kind == kind })
    else {
      throw LetheError.model(
        "'\(job.concepts.joined(separator: ", "))' are not all objects or all styles of \(folder.path)"
      )
    }
    network = try JudgeNetwork.load(themes.judgeFolder(of: folder))
    forgotten = Forgotten(kind: kind.rawValue, names: found.map(\.name))
    (self.job, self.options, self.themes) = (job, options, themes)
  }

  /// The prompts of both models, the forgotten ones first.
  package var samples: [SampleSet.Sample] {
    var objects = themes.objects
    let gone = Set(forgotten.names)
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
          let isObject = forgotten.kind == "object"
          let count = pass && isObject ? options.seeds : options.retainSeeds
          let number = SampleSet.name(object, style)
          for k in 0..<count {
            samples.append(
              .init(
                number, k, prompt: themes.prompt(object: object, style: style),
                seed: UInt64(samples.count + options.firstSeed),
                subjects: Themes.subjects(object, style)))
          }
        }
      }
    }
    return samples
  }

  /// Draws, judges and measures; finished pictures are kept.
  @discardableResult
  package func callAsFunction(in run: Run, eraser: Eraser, on device: Device) throws -> Results {
    let original = try DiffusionModel.load(folder, on: device)
    let erased = try original.applying([eraser])
    var rows: [ResultRow] = []
    // Real pictures of the very subjects that are drawn.
    let drawn = Set(samples.map(\.subjects))
    let reference = try Self.reference(themes.judgeFolder(of: folder), network)?
      .filter { drawn.contains($0) }
    let subject = job.concepts.joined(separator: " + ")
    for (name, model) in [("original", original), (job.method, erased)] {
      let isErased = name != "original"
      let set = try SampleSet.create(
        run.file(isErased ? "erased" : "original"),
        .init(
          sampling: options.sampling, model: original.hash(),
          erasers: isErased ? [eraser.card.method] + job.concepts + ["\(job.seed)"] : [],
          samples: samples))
      let reference0 = ModelReference(
        job.model, erasers: isErased ? ["increment.safetensors"] : [])
      try set.draw(model, batch: options.batch, run, stage: isErased ? "erased" : "original") {
        Generate.recipe($0, options.sampling, reference0)
      }
      let judged = try judge(set)
      for metric in Metrics.all {
        if let m = metric.init().measure(judged, forgotten: forgotten, reference: reference) {
          rows.append(ResultRow(name, subject, m, seeds: options.seeds))
        }
      }
    }
    let results = Results(
      rows: rows, quick: options.quick, seeds: options.seeds, sampling: options.sampling,
      judge: network.card.measured)
    try AtomicFile.write(
      Data(try JSON(encoding: results).pretty.utf8), to: run.file("results.json"))
    return results
  }

  private func judge(_ set: SampleSet) throws -> JudgedSet {
    try Self.judged(set.load(), asked: set.manifest.samples.map(\.subjects), network)
  }

  /// What the judge sees in pictures [N, 3, H, W].
  package static func judged(
    _ pictures: Tensor, asked: [[String: String]], _ network: JudgeNetwork
  ) throws -> JudgedSet {
    let features = withoutGradients {
      Tensor.concatenate(
        stride(from: 0, to: pictures.size(0), by: 64).map {
          network.features(pictures.narrowed(0, $0, min(64, pictures.size(0) - $0)))
        })
    }
    var seen = [[String: String]](repeating: [:], count: asked.count)
    var beliefs = [[String: [String: Double]]](repeating: [:], count: asked.count)
    for (kind, classes) in network.card.heads {
      let logits = withoutGradients { network.logits(features, kind) }
      for (i, answer) in logits.argmax(1).ints.enumerated() { seen[i][kind] = classes[answer] }
      let rows = logits.to(.float64).softmax(1).doubles.chunked(classes.count)
      for (i, row) in rows.enumerated() {
        beliefs[i][kind] = Dictionary(uniqueKeysWithValues: zip(classes, row))
      }
    }
    return JudgedSet(asked: asked, seen: seen, features: features, beliefs: beliefs)
  }

  /// Features of real pictures, kept beside the judge.
  static func reference(_ folder: URL, _ network: JudgeNetwork) throws -> JudgedSet? {
    let file = folder.appendingPathComponent("reference.safetensors")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let stored = try SafeTensors(contentsOf: file, finite: true).tensors
    guard let features = stored["features"], let subjects = stored["subjects"],
      subjects.shape == [features.size(0), network.card.kinds.count]
    else { throw LetheError.malformed(file, "it does not hold features and subjects") }
    let kinds = network.card.kinds
    let asked = subjects.ints.chunked(kinds.count).map { row in
      Dictionary(
        uniqueKeysWithValues: zip(kinds, row).map { ($0, network.card.heads[$0]?[$1] ?? "") })
    }
    return JudgedSet(asked: asked, seen: asked, features: features.to(.float32))
  }
}

extension Array {
  fileprivate func chunked(_ size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
