internal import Foundation
internal import Pictures
internal import Synchronization
internal import Torch

/// Writes pictures in a thread of its own, so that the next batch is drawn while the last one is compressed and brought
/// to the disk.
///
/// At most one batch waits. A picture that cannot be written is told by the next call.
final class PictureWriter: Sendable {
  private let queue = DispatchQueue(label: "lethe.pictures")
  private let fault = Mutex<(any Error)?>(nil)

  struct Picture: Sendable {
    var image: Image
    /// Texts of the file, by keyword.
    var text: [(String, String)]
    var file: URL
  }

  /// Begins to write pictures, after those before.
  /// - Throws: ``LetheError`` of the kind `disk` for a picture of the call before
  func write(_ pictures: [Picture]) throws {
    try finish()
    guard WriteTurn.isMine else { return }
    queue.async { [self] in
      do { for one in pictures { try PNG.write(one.image, text: one.text, to: one.file) } } catch {
        fault.withLock { $0 = error }
      }
    }
  }

  /// Waits until all pictures are files.
  /// - Throws: ``LetheError`` of the kind `disk` for one that is not
  func finish() throws {
    queue.sync {}
    let found = fault.withLock { fault in
      defer { fault = nil }
      return fault
    }
    if let found { throw found }
  }
}
