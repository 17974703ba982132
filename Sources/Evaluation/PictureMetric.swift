public import Torch

/// Pictures of one model, and the prompt that each was drawn from.
public struct DrawnPictures {
  /// [N, 3, H, W], values in [-1, 1]
  public let pictures: Tensor
  /// N prompts. Pictures of one prompt are a cluster of an interval.
  public let prompts: [String]

  /// - Throws: ``LetheError`` of the kind `model` for another count of prompts than of pictures, and for no pictures
  package init(_ pictures: Tensor, prompts: [String]) throws {
    guard pictures.size(0) == prompts.count, !prompts.isEmpty else {
      throw LetheError.model(
        "\(pictures.size(0)) pictures and \(prompts.count) prompts; as many of one as of the other are needed, and one "
          + "at least")
    }
    (self.pictures, self.prompts) = (pictures, prompts)
  }

  /// The number of pictures.
  public var count: Int { prompts.count }
}

/// A metric of pictures by a network that the user brings, or by none. Its name holds its definition, and its rows have its
/// ``MeasureProfile``, so that two definitions or two networks of one measure never share a column.
public protocol PictureMetric {
  /// The metric's key in `results.json`: measure, profile and version, e.g. `fid@pytorch-fid`.
  var name: String { get }
  /// The metric's name in reports.
  var title: String { get }
  /// The direction in which the metric improves.
  var better: Better { get }
  /// The definition and the version of the network. Values of two profiles never share a column.
  var profile: MeasureProfile { get }
  /// A sentence on the limits of a value from `n` pictures; nil where there are none.
  func note(_ n: Int) -> String?
  /// Measures pictures of one model.
  /// - Parameter reference: pictures of the original model, or real ones
  /// - Returns: nil where the metric needs a reference and there is none
  /// - Throws: ``LetheError`` of the kind `model` for pictures that the metric cannot compare
  func measure(_ drawn: DrawnPictures, reference: DrawnPictures?) throws -> MeasuredValue?
  /// The mean difference from the reference's pictures, which are of the same prompts and seeds in the same order.
  /// - Returns: nil for a metric that is no mean over pictures
  func change(_ drawn: DrawnPictures, from reference: DrawnPictures) throws -> MeasuredValue?
}

extension PictureMetric {
  public func change(_ drawn: DrawnPictures, from reference: DrawnPictures) throws
    -> MeasuredValue?
  { nil }
  public func note(_ n: Int) -> String? { nil }
}
