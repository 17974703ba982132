import Lethe

/// A benchmark of its own: the brightness of each concept's pictures, before and after an erasure without training.
public struct Greys: Benchmark {
  public static let kind = Results.Kind(rawValue: "bench greys")
  public var options: BenchmarkOptions
  /// The concepts. Each is erased in a trial of its own.
  public var concepts: [String]

  public init(_ options: BenchmarkOptions, concepts: [String]) {
    (self.options, self.concepts) = (options, concepts)
  }

  public func trials() throws -> [Trial] {
    concepts.map { concept in
      Trial("greys-\(concept)") { part, whole, device in
        let (erased, eraser) = try options.model.erasing(concept, by: UCE(), seed: part.seed)
        var found = Trial.Findings()
        let models = [("original", try options.model.model()), (eraser.card.method, erased)]
        for (method, model) in models {
          let pictures = try model.images(
            [concept, concept], seeds: [1, 2], options.evaluation.sampling)
          let greys = pictures.map { picture in
            picture.pixels.map(Double.init).reduce(0, +) / Double(255 * picture.pixels.count)
          }
          found.rows += [MeasuredValue.mean("grey", greys)].compactMap(\.self).map {
            ResultRow(method, concept, $0, seeds: 2)
          }
        }
        return found
      }
    }
  }
}
