internal import Foundation
internal import Synchronization
internal import Torch

#if canImport(FoundationNetworking)
  internal import FoundationNetworking
#endif

/// A file that grows with what is received.
final class PartialFile: Sendable {
  private struct State {
    var handle: FileHandle
    var size: Int
    var answered = false
  }
  private let state: Mutex<State>
  private let url: URL
  var size: Int { state.withLock { $0.size } }

  init(_ url: URL) throws {
    self.url = url
    if !FileManager.default.fileExists(atPath: url.path) {
      _ = FileManager.default.createFile(atPath: url.path, contents: nil)
    }
    do {
      let handle = try FileHandle(forUpdating: url)
      let size = try handle.seekToEnd()
      state = Mutex(State(handle: handle, size: Int(size)))
    } catch { throw LetheError.unwritable(url, "it cannot be opened") }
  }

  func truncate() throws {
    do {
      try state.withLock {
        try $0.handle.truncate(atOffset: 0)
        $0.size = 0
      }
    } catch { throw LetheError.unwritable(url, "it cannot be cut") }
  }

  /// - Throws: ``LetheError`` for more bytes than were announced
  func receive(_ data: Data, _ response: HTTPURLResponse, expecting total: Int, from url: URL)
    throws
  {
    do {
      try state.withLock { state in
        if !state.answered {
          state.answered = true
          // A whole file for a request of its rest, or another part: begin again.
          let range = response.value(forHTTPHeaderField: "Content-Range")
          let isRest =
            response.statusCode == 206 && range?.hasPrefix("bytes \(state.size)-") == true
          if !isRest, state.size > 0 {
            try state.handle.truncate(atOffset: 0)
            state.size = 0
          }
        }
        guard state.size + data.count <= total else {
          throw LetheError(
            .other, "\(url.absoluteString) gives more than the \(total) bytes that were announced")
        }
        try state.handle.write(contentsOf: data)
        state.size += data.count
      }
    } catch let error as LetheError { throw error } catch {
      throw LetheError.unwritable(self.url, "the disk does not take it")
    }
  }
}
