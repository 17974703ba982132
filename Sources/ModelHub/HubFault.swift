internal import Foundation
internal import Torch

#if canImport(FoundationNetworking)
  internal import FoundationNetworking
#endif

/// Failures of a hub in words, and whether another try may help.
enum HubFault {
  /// An answer that ends before its announced length.
  /// - Parameter reason: the end of the last connection; nil where it ended well
  static func short(_ name: String, _ count: Int, _ announced: Int, _ reason: String?) -> LetheError
  {
    let reason = reason.map { " (\($0))" } ?? ""
    return LetheError(
      .other,
      "\(name) ends after \(count) of \(announced) bytes\(reason); give the command again, which goes on"
    )
  }

  static func isTransient(_ status: Int) -> Bool {
    status == 408 || status == 429 || status >= 500
  }

  static func after(_ response: HTTPURLResponse) -> Double? {
    response.value(forHTTPHeaderField: "Retry-After").flatMap(Double.init).map {
      max(0, min($0, 60))
    }
  }

  static func failure(_ error: URLError, _ url: URL) -> LetheError {
    LetheError(
      .other,
      "\(url.host ?? url.absoluteString) cannot be reached: \(reason(error)); give the command again, which goes on"
    )
  }

  static func reason(_ error: URLError) -> String {
    switch error.code {
    case .cannotFindHost, .dnsLookupFailed: "there is no such host"
    case .cannotConnectToHost: "it refuses the connection"
    case .timedOut: "it does not answer in time"
    case .notConnectedToInternet: "this machine has no network"
    case .networkConnectionLost: "the connection was lost"
    case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
      .serverCertificateNotYetValid, .serverCertificateHasUnknownRoot:
      "its certificate is not trusted"
    default: "the connection failed (\(error.code.rawValue))"
    }
  }

  /// The sentence about an answer with another status than 200.
  static func refusal(
    _ response: HTTPURLResponse, _ name: HubName, by endpoint: URL, _ url: URL
  ) -> LetheError {
    let page = "\(endpoint.absoluteString)/\(name.name)"
    switch (response.value(forHTTPHeaderField: "X-Error-Code"), response.statusCode) {
    case ("GatedRepo", _):
      return .request(
        "\(name.name) asks for its terms to be accepted on \(page), and for a token in HF_TOKEN")
    case ("RevisionNotFound", _): return .request("\(name.name) has no revision '\(name.revision)'")
    case ("EntryNotFound", _): return .request("\(url.absoluteString) does not exist")
    case ("RepoNotFound", _), (_, 401), (_, 404):
      return .request(
        "there is no model \(name.name) on \(endpoint.host ?? ""), or it is private and HF_TOKEN has no right to it"
      )
    default:
      return LetheError(.other, "\(url.absoluteString) answers with status \(response.statusCode)")
    }
  }
}
