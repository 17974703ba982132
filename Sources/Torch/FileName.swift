package import Foundation

// A path that is text, such as a command line's or a file's. The one place where such a text becomes a place on the
// disk.
extension String {
  /// The file or folder that the path leads to, from the working directory on where it is relative.
  package var filePlace: URL { URL(fileURLWithPath: self) }
  /// The last part of the path.
  package var fileName: String { filePlace.lastPathComponent }
  /// The ending of its name, in lower case, without the dot.
  package var fileExtension: String { filePlace.pathExtension.lowercased() }
}
