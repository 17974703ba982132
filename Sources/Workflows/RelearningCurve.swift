internal import Attacks
package import Evaluation
internal import Torch
internal import Workbench

/// The points of a curve as rows of results.
package struct RelearningCurve {
  let points: [Relearn.Point]

  /// The judge of the successes; nil in audits of older forms.
  private let profile: MeasureProfile?
  /// The judge, where several were asked.
  private let judge: String?

  package init(
    _ points: [Relearn.Point], by profile: MeasureProfile? = nil, named judge: String? = nil
  ) {
    (self.points, self.profile, self.judge) = (points, profile, judge)
  }

  /// The successes as another judge sees them. Losses are no judge's.
  /// - Parameter profile: the judge, whose name its rows have
  package func rows(
    _ method: String, _ subject: String, beside profile: MeasureProfile
  ) -> [ResultRow] {
    guard let name = profile.network else { return [] }
    let own = points.compactMap { $0.by(name) }
    guard own.count == points.count else { return [] }
    return RelearningCurve(own, by: profile, named: name).rows(method, subject).filter {
      ["success", "area"].contains($0.metric)
    }
  }

  private static var measures: [(name: String, value: KeyPath<Relearn.Point, Double>)] {
    [
      ("success", \.success), ("loss-concept", \.concept), ("loss-related", \.related),
      ("loss-unrelated", \.unrelated),
    ]
  }

  var steps: [Int] { points.map(\.step).unique.sorted() }

  /// The rows of every measure at every step: the mean over fine-tunings with its standard error, and each fine-tuning
  /// alone. The area under the curve of successes follows. Successes of each of several concepts come after those of
  /// all.
  package func rows(_ method: String, _ subject: String) -> [ResultRow] {
    rows(method, subject, Self.measures)
      + concepts.flatMap { name, curve in
        curve.rows(method, name, Self.measures.filter { $0.name == "success" }).map {
          $0.with { $0.among = subject }
        }
      }
  }

  /// The curve of each of several concepts; empty where a point does not tell them apart.
  private var concepts: [(name: String, curve: RelearningCurve)] {
    let names = (points.first?.concepts ?? []).map(\.name).unique
    return names.compactMap { name in
      let own = points.compactMap { point -> Relearn.Point? in
        guard let part = point.concepts?.first(where: { $0.name == name }) else { return nil }
        var point = point
        (point.n, point.concepts) = (part.n, nil)
        point.success = Double(part.hits) / Double(max(1, part.n))
        point.texts = point.texts?.filter { $0.concept == name }
        return point
      }
      return own.count == points.count
        ? (name, RelearningCurve(own, by: profile, named: judge)) : nil
    }
  }

  private func rows(
    _ method: String, _ subject: String,
    _ measures: [(name: String, value: KeyPath<Relearn.Point, Double>)]
  ) -> [ResultRow] {
    TuningSet.allCases.flatMap { set -> [ResultRow] in
      let own = points.filter { $0.set == set }
      guard !own.isEmpty else { return [] }
      let seeds = own.map(\.seed).unique.count
      func row(_ m: MeasuredValue, _ step: Int?, seed: Int? = nil) -> ResultRow {
        ResultRow(method, subject, m, seeds: seed == nil ? seeds : 1) {
          ($0.trainedOn, $0.step, $0.seed) = (set, step, seed)
          // Losses are no judge's.
          guard ["success", "area"].contains(m.metric) else { return }
          ($0.profile, $0.judge) = (profile, judge)
        }
      }
      let measured = steps.flatMap { step -> [ResultRow] in
        let here = own.filter { $0.step == step }
        return measures.flatMap { name, value -> [ResultRow] in
          let unit: MeasuredValue.Unit = name == "success" ? .share : .number
          let values = here.map { $0[keyPath: value] }
          var mean = MeasuredValue(
            name, values.mean, unit, n: here.first?.n ?? 0, .standardError(values))
          if name == "success" { mean.prompts = here.first.flatMap { Self.share($0).prompts } }
          return [row(mean, step)]
            + here.map { point in
              let alone =
                name == "success"
                ? Self.share(point) : MeasuredValue(name, point[keyPath: value], unit, n: point.n)
              return row(alone, step, seed: point.seed + 1)
            }
        }
      }
      return measured + (area(set).map { [row($0, nil)] } ?? [])
    }
  }

  /// The share of the pictures that show the concept; those of one text are a cluster.
  private static func share(_ point: Relearn.Point) -> MeasuredValue {
    let n = point.n
    guard let texts = point.texts, texts.map(\.n).reduce(0, +) == n else {
      return .share(
        "success", Int(bounded: (point.success * Double(n)).rounded(), 0...max(0, n)), of: n)
    }
    let pictures = texts.enumerated().flatMap { i, text in
      (0..<text.n).map { (text: i, shown: $0 < text.hits) }
    }
    return ClusterBootstrap(pictures.map(\.text)).share("success", pictures.map(\.shown))
  }

  /// The area under the curve of mean successes by the trapezoid rule, divided by the range of steps: 0 to 1.
  func area(_ set: TuningSet) -> MeasuredValue? {
    let own = points.filter { $0.set == set }
    let values = steps.map { step in own.filter { $0.step == step }.map(\.success).mean }
    guard !own.isEmpty, let first = steps.first, let last = steps.last, last > first else {
      return nil
    }
    let sum = zip(steps.indices.dropFirst(), steps.indices).reduce(0.0) { total, pair in
      let (i, j) = pair
      return total + Double(steps[i] - steps[j]) * (values[i] + values[j]) / 2
    }
    return MeasuredValue("area", sum / Double(last - first), n: own.first?.n ?? 0)
  }
}
