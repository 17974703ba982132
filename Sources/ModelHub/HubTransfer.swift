internal import Foundation
internal import Synchronization
internal import Torch

#if canImport(FoundationNetworking)
  internal import FoundationNetworking
#endif

/// One request and its answer, byte by byte as it comes. Redirects are answers: the caller decides what is sent on.
final class HubTransfer: NSObject, URLSessionDataDelegate, Sendable {
  private struct State {
    var response: HTTPURLResponse?
    var error: (any Error)?
    /// Takes the bytes; throwing ends the transfer.
    var receive: (@Sendable (HTTPURLResponse, Data) throws -> Void)?
  }
  private let state = Mutex(State())
  private let done = DispatchSemaphore(value: 0)

  /// - Parameters:
  ///   - seconds: of silence, after which the transfer is given up
  ///   - receive: called with each part of the body
  /// - Throws: the errors of `receive`, and `URLError` for a connection that fails
  static func run(
    _ request: URLRequest, seconds: Double = 10,
    receive: @escaping @Sendable (HTTPURLResponse, Data) throws -> Void
  ) throws -> HTTPURLResponse {
    let transfer = HubTransfer()
    transfer.state.withLock { $0.receive = receive }
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = seconds
    configuration.httpCookieStorage = nil
    let session = URLSession(configuration: configuration, delegate: transfer, delegateQueue: nil)
    session.dataTask(with: request).resume()
    transfer.done.wait()
    session.finishTasksAndInvalidate()
    let (response, error) = transfer.state.withLock { ($0.response, $0.error) }
    if let error { throw error }
    guard let response else { throw URLError(.badServerResponse) }
    return response
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask,
    willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    state.withLock { $0.response = response }
    completionHandler(nil)
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    state.withLock { $0.response = response as? HTTPURLResponse }
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let (response, receive) = state.withLock { ($0.response, $0.receive) }
    guard let response, let receive else { return }
    do { try receive(response, data) } catch {
      state.withLock {
        $0.error = $0.error ?? error
        $0.receive = nil
      }
      dataTask.cancel()
    }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    state.withLock { $0.error = $0.error ?? error }
    done.signal()
  }
}
