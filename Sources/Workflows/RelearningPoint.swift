internal import Evaluation

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
    /// The pictures of each text, where a text has several; nil elsewhere, and in curves of before.
    var texts: [Text]?

    /// The pictures of one text.
    package struct Text: Codable, Hashable {
      var text: String
      var concept: String
      var hits: Int
      var n: Int
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
        } && (texts.map(isPossible) ?? true)
    }

    /// Whether texts have the pictures of the point, and its hits.
    private func isPossible(_ texts: [Text]) -> Bool {
      // A million pictures are more than a fine-tuning judges.
      guard n <= 1_000_000, texts.count <= n,
        texts.allSatisfy({ (1...max(1, n)).contains($0.n) && (0...$0.n).contains($0.hits) })
      else { return false }
      return texts.map(\.n).reduce(0, +) == n
        && abs(Double(texts.map(\.hits).reduce(0, +)) - success * Double(n)) < 1e-6
    }
  }
}
