import Foundation

extension URL {
  /// The folder of results that have no pictures.
  static let nowhere = URL(fileURLWithPath: "/nowhere")
}
