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
