internal import Torch

/// A call that is not answered: the status of HTTP, and one sentence.
struct Refusal: Error, Sendable, Equatable {
  enum Status: Int, Sendable {
    case request = 400
    case token = 401
    case forbidden = 403
    case unknown = 404
    case method = 405
    case conflict = 409
    case length = 411
    case size = 413
    case host = 421
    case head = 431
    case fault = 500

    var phrase: String {
      switch self {
      case .request: "Bad Request"
      case .token: "Unauthorized"
      case .forbidden: "Forbidden"
      case .unknown: "Not Found"
      case .method: "Method Not Allowed"
      case .conflict: "Conflict"
      case .length: "Length Required"
      case .size: "Content Too Large"
      case .host: "Misdirected Request"
      case .head: "Request Header Fields Too Large"
      case .fault: "Internal Server Error"
      }
    }
  }
  let status: Status
  let sentence: String

  init(_ status: Status, _ sentence: String) {
    (self.status, self.sentence) = (status, sentence)
  }

  /// The refusal that an error of a handler is.
  init(_ error: any Error) {
    switch error {
    case let refusal as Refusal: self = refusal
    case let error as LetheError:
      let status: Status =
        switch error.kind {
        case .request, .model: .request
        case .disk: .conflict
        default: .fault
        }
      self.init(status, error.sentence)
    default:
      self.init(.fault, "an unexpected fault (\(type(of: error))); this is a fault of the program")
    }
  }
}
