package import Evaluation
internal import Torch
package import Training

extension Relearn {
  /// The measurements after some steps of one fine-tuning: a line of `curve.jsonl`.
  package struct Point: Codable, Hashable {
    var set: TuningSet
    var seed: Int
    var step: Int
    var success: Double
    var n: Int
    /// Mean training loss on unseen pictures of the concept.
    var concept: Double
    /// The same on related subjects.
    var related: Double
    /// The same on unrelated subjects.
    var unrelated: Double
    /// The pictures of each of several concepts; nil for one concept, and in curves of before.
    var concepts: [Concept]?
    /// The pictures of each text; nil in curves of before, and in those of before whose texts have one picture each.
    var texts: [Text]?
    /// The pictures of each text as other judges see them; nil where one judge was asked.
    var beside: [Beside]?

    /// The pictures of each text as another judge sees them.
    package struct Beside: Codable, Hashable {
      var judge: String
      var texts: [Text]
    }

    /// The pictures of one text.
    package struct Text: Codable, Hashable {
      package var text: String
      package var concept: String
      package var hits: Int
      package var n: Int
    }

    /// The hits of a text after some steps of one fine-tuning.
    package struct Hits: Codable, Hashable {
      package var set: TuningSet
      package var step: Int
      package var seed: Int
      package var text: Text
    }

    /// The pictures for one of several concepts.
    package struct Concept: Codable, Hashable {
      var name: String
      var hits: Int
      var n: Int
    }

    /// Whether the numbers are those of a point; the file may be a stranger's.
    package var isPossible: Bool {
      [seed, step, n].allSatisfy { (0...1_000_000_000).contains($0) } && (0...1).contains(success)
        && (concepts ?? []).allSatisfy {
          (0...n).contains($0.n) && (0...max(0, $0.n)).contains($0.hits)
        } && (texts.map { isPossible($0, success) } ?? true)
        && (beside ?? []).allSatisfy { isPossible($0.texts, Self.success($0.texts)) }
    }

    private static func success(_ texts: [Text]) -> Double {
      let (hits, n) = (texts.map { Double($0.hits) }, texts.map { Double($0.n) })
      return hits.reduce(0, +) / max(1, n.reduce(0, +))
    }

    /// The successes as another judge sees them; nil where it was not asked.
    package func by(_ judge: String) -> Point? {
      guard let own = beside?.first(where: { $0.judge == judge }) else { return nil }
      var point = self
      (point.success, point.texts, point.beside) = (Self.success(own.texts), own.texts, nil)
      point.concepts = concepts?.map { concept in
        let pictures = own.texts.filter { $0.concept == concept.name }
        return Concept(
          name: concept.name, hits: pictures.map(\.hits).reduce(0, +),
          n: pictures.map(\.n).reduce(0, +))
      }
      return point
    }

    /// Whether texts have the pictures of the point, and its hits.
    private func isPossible(_ texts: [Text], _ success: Double) -> Bool {
      // A million pictures are more than a fine-tuning judges.
      guard n <= 1_000_000, texts.count <= n,
        texts.allSatisfy({ (1...max(1, n)).contains($0.n) && (0...$0.n).contains($0.hits) })
      else { return false }
      return texts.map(\.n).reduce(0, +) == n
        && abs(Double(texts.map(\.hits).reduce(0, +)) - success * Double(n)) < 1e-6
    }
  }
}

extension Relearn {
  /// The hits of every text at every point of a curve; none of points without texts.
  /// - Parameter part: the run of the erasure, which has the curve in `relearn/`
  package static func hits(in part: Run) throws -> [Point.Hits] {
    try Run(part.place("relearn")).events("curve.jsonl")
      .compactMap { try? $0.decoded(as: Point.self) }.filter(\.isPossible)
      .flatMap { point in
        (point.texts ?? []).map {
          Point.Hits(set: point.set, step: point.step, seed: point.seed, text: $0)
        }
      }
  }
}
