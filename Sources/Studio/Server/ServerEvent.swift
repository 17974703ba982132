internal import FlyingSocks
internal import Foundation
internal import Torch

/// An event of a stream (server-sent events): a name and a value, or a beat that says that the server is there.
enum ServerEvent: Sendable {
  case value(_ name: String, JSON)
  case beat

  var text: String {
    switch self {
    case .value(let name, let value): "event: \(name)\ndata: \(value.compact)\n\n"
    case .beat: ": beat\n\n"
    }
  }
}

/// A stream of events as the body of a response.
struct EventBody: AsyncBufferedSequence {
  typealias Element = UInt8
  private let stream: AsyncStream<ServerEvent>

  init(_ stream: AsyncStream<ServerEvent>) { self.stream = stream }

  struct Iterator: AsyncBufferedIteratorProtocol {
    var events: AsyncStream<ServerEvent>.Iterator

    /// Bodies are read by buffers alone.
    mutating func next() async throws -> UInt8? { nil }

    mutating func nextBuffer(suggested count: Int) async throws -> Data? {
      await events.next().map { Data($0.text.utf8) }
    }
  }

  func makeAsyncIterator() -> Iterator { Iterator(events: stream.makeAsyncIterator()) }
}
