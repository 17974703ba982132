internal import Foundation

// A path that is text, such as a command line's, in its parts.
extension String {
  /// The last part of the path.
  package var fileName: String { URL(fileURLWithPath: self).lastPathComponent }
  /// The ending of its name, in lower case, without the dot.
  package var fileExtension: String { URL(fileURLWithPath: self).pathExtension.lowercased() }
}
