/// A training that its guard stopped. Results of it are those of the weights before, and tables that contain it say so.
public struct StoppedTraining: Codable, Sendable, Hashable {
  /// The label of its rows: the method, and the wrapping method where there is one.
  public var label: RowLabel
  /// The concepts that it was to erase.
  public var subject: String
  /// The number of the repetition, from 1, where there are several.
  public var seed: Int?
  /// The guard's sentence.
  public var sentence: String

  /// A stopped training by the label of its rows.
  public init(_ label: RowLabel, _ subject: String, seed: Int? = nil, _ sentence: String) {
    (self.label, self.subject, self.seed, self.sentence) = (label, subject, seed, sentence)
  }
}
