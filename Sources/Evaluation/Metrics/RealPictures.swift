// FID against real pictures, as published tables have it (COCO's, the training set's): their statistics come from a
// file of pytorch-fid, or from a folder of pictures.
internal import Foundation
internal import Torch

/// The statistics of real pictures in Inception's features, with one way to resize them.
package struct RealPictures: PictureMetric {
  private let fid: FID
  private let statistics: Gaussian
  /// The name of the file or folder.
  private let source: String
  /// SHA-256 of the file, or of the folder's pictures.
  private let version: String

  /// - Parameter statistics: their width is that of Inception's features, 2048
  package init(
    _ fid: FID, _ statistics: Gaussian, named source: String, version: String = ""
  ) {
    (self.fid, self.statistics) = (fid, statistics)
    (self.source, self.version) = (source, version)
  }

  package var name: String { PictureMeasure.fid.metric(fid.input.rawValue, of: source) }
  package var title: String { "\(fid.title) to \(source)" }
  package var better: Better { .lower }
  package var profile: MeasureProfile {
    var profile = fid.profile
    profile.reference = version
    return profile
  }
  package func note(_ n: Int) -> String? { fid.note(n) }

  /// The distance of one model's pictures to the real ones. The reference's pictures are not looked at.
  package func measure(_ drawn: DrawnPictures, reference: DrawnPictures?) throws -> MeasuredValue? {
    guard drawn.count > 1 else { return nil }
    return try fid.measure(drawn, statistics, named: name)
  }
}
