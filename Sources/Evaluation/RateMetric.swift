/// The metric of a share of pictures that show what was asked for, or of its change, as `results.json` names it.
package struct RateMetric: Hashable, Sendable {
  /// The pictures that are counted: `shown` are those asked for with the concept, `kept` those of other subjects.
  package enum Pictures: String, CaseIterable, Sendable { case shown, kept }
  /// The erased model, the original on the same prompts and seeds, or the difference of the two.
  package enum Side: String, CaseIterable, Sendable { case erased, original, change }

  package var pictures: Pictures
  package var side: Side

  package init(_ pictures: Pictures, _ side: Side = .erased) {
    (self.pictures, self.side) = (pictures, side)
  }

  /// The metric's key: `shown`, `shown-original`, `shown-change`, and so on.
  package var name: String {
    side == .erased ? pictures.rawValue : "\(pictures.rawValue)-\(side.rawValue)"
  }

  private static let all = Pictures.allCases.flatMap { pictures in
    Side.allCases.map { RateMetric(pictures, $0) }
  }

  /// nil for another metric.
  package init?(named name: String) {
    guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
    self = found
  }
}

extension [ResultRow] {
  /// The value of the first row of a share of pictures. It is nil where no row has it.
  package func value(_ rate: RateMetric) -> MeasuredValue? { value(rate.name) }
}

/// The metrics of `lethe bench separability` that are not those of other commands.
package enum SceneMetric {
  /// The share of pictures that the judge names right.
  package static let accuracy = "accuracy"
  /// The same for captions that erasers are trained to keep.
  package static let trainedAccuracy = "trained-accuracy"
  package static let frechet = "frechet-to-original"
  package static let perceptual = "perceptual"
  /// The largest change of a pixel, of 255, from the original's picture.
  package static let difference = "largest-difference"
  package static let trainedDifference = "trained-largest-difference"

  /// The shares that are left out where the judge cannot tell the concepts.
  package static let rates = [accuracy, trainedAccuracy]
}
