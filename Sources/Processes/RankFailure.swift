package import Torch

/// The reason for a rank's failure.
package struct RankFailure: Codable, Sendable, Hashable {
  package var rank: Int
  /// The exit code; ``LetheError/Kind``.
  package var kind: Int32
  package var sentence: String

  package init(rank: Int, kind: Int32, sentence: String) {
    (self.rank, self.kind, self.sentence) = (rank, kind, sentence)
  }

  package var error: LetheError {
    LetheError(LetheError.Kind(rawValue: kind) ?? .other, "rank \(rank): \(sentence)")
  }
}
