// Measures of a concept at a moment of a scene.
internal import Editing
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Workbench

extension SeparabilityTrial {
  /// A sentence on a judge that cannot tell the concepts apart on the original's pictures; nil for one that can, and
  /// for too few pictures to know.
  func blindness(_ original: [ResultRow]) -> String? {
    guard let found = original.over(SceneMetric.accuracy), found.n >= JudgeQuality.fewest,
      let lower = found.interval?.lower, lower < JudgeQuality.limit
    else { return nil }
    return
      "This judge cannot tell: \(spec) names \(found.text(hasUnit: true)) of \(found.n) pictures of the original "
      + "among \(cast.concepts.count) \(kind)s, and the lower bound must be at least "
      + "\(Int(100 * JudgeQuality.limit)) %. Its rates are left out. Prompts that the model was trained on (--prompt) "
      + "and subjects that it draws (--related) may let it tell."
  }

  /// The measurements of one concept at one moment.
  func rows(
    _ method: String, _ moment: SceneMoment, _ i: Int, _ state: ConceptState, _ set: SampleSet,
    _ before: Tensor, _ after: Tensor
  ) throws -> [ResultRow] {
    let name = cast.concepts[i]
    /// The number of pictures judged right, their features, and the largest change of a pixel, of 255, from the
    /// original's.
    func judged(_ rows: [Int]) throws -> (right: Int, features: Tensor, difference: Int) {
      let (x, y) = (before.indexed(0, rows), after.indexed(0, rows))
      let seen = try answers(y, set, rows)
      return (
        seen.seen.filter { $0[kind] == name }.count, seen.features,
        Int(((x - y).abs().flattened().max(0).item * 127.5).rounded())
      )
    }
    let own = cast.rows(of: i, .judged, in: set)
    let (x, y) = (before.indexed(0, own), after.indexed(0, own))
    let seen = try judged(own)
    let reference = try answers(x, set, own).features
    let n = own.count
    var measured: [MeasuredValue] = [
      .share(SceneMetric.accuracy, seen.right, of: n),
      MeasuredValue(
        SceneMetric.frechet, Gaussian(seen.features).distance(to: Gaussian(reference)), n: n),
      MeasuredValue(SceneMetric.difference, Double(seen.difference), .levels, n: n),
    ]
    // The distance is one in the maps of the networks of `lethe train`.
    if let network = judge as? JudgeNetwork {
      let distances = PerceptualDistance(network)(x, y)
      measured.insert(
        MeasuredValue(SceneMetric.perceptual, distances.isEmpty ? 0 : distances.mean, n: n), at: 2)
    }
    let other = cast.rows(of: i, .trained, in: set)
    if !other.isEmpty {
      let trained = try judged(other)
      measured += [
        .share(SceneMetric.trainedAccuracy, trained.right, of: other.count),
        MeasuredValue(
          SceneMetric.trainedDifference, Double(trained.difference), .levels, n: other.count),
      ]
    }
    return measured.map { m in
      ResultRow(method, name, m, seeds: cast.seeds(options.evaluation)) {
        ($0.kind, $0.moment, $0.state) = (kind, moment, state)
        $0.judge = options.judges.isEmpty ? nil : spec.description
        // Differences of pixels are no judge's.
        $0.profile =
          [SceneMetric.difference, SceneMetric.trainedDifference].contains(m.metric)
          ? nil : MeasureProfile(judge: spec.description, version: judge.about.hash)
      }
    }
  }

  /// The judge's answers for pictures of some rows of a set.
  private func answers(_ pictures: Tensor, _ set: SampleSet, _ rows: [Int]) throws -> JudgedSet {
    let samples = rows.map { set.manifest.samples[$0] }
    return try judge.judged(
      pictures, asked: samples.map(\.subjects),
      of: samples.map { "\(set.folder.lastPathComponent)/\($0.file)" })
  }

  /// The picture of the first seed and the first partner.
  func picture(
    _ method: String, _ moment: SceneMoment, _ i: Int, _ state: ConceptState, _ set: SampleSet
  ) -> ResultPicture {
    let sample = set.manifest.samples[cast.rows(of: i, .judged, in: set).first ?? 0]
    let place = "\(kind)/pictures/\(set.folder.lastPathComponent)/\(sample.file)"
    return ResultPicture(
      place, method, cast.concepts[i], prompt: sample.prompt,
      caption: "\(sample.prompt) · seed \(sample.seed) · \(state.rawValue)"
    ) { ($0.kind, $0.moment, $0.state) = (kind, moment, state) }
  }
}
