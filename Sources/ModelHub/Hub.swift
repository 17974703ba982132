// A hub of models over HTTPS, as Hugging Face serves it. Nothing is fetched but by `lethe pull`.
internal import Editing
internal import Foundation
internal import Synchronization
internal import Torch
internal import Training

#if canImport(FoundationNetworking)
  internal import FoundationNetworking
#endif

package struct Hub: Sendable {
  /// A file of a model.
  package struct Entry: Sendable, Hashable {
    package let path: String
    package let size: Int
    /// SHA-256 of a large file's content, else SHA-1 of it as git's blob; the name of its blob in the cache.
    package let etag: String
    var isLarge: Bool { etag.count == 64 }
  }

  let endpoint: URL
  private let token: String?
  /// Times that a transfer is tried again without a byte of progress, and the first wait between them.
  let retries: Int
  let pause: Double
  /// Seconds of silence that end an attempt.
  let silence: Double
  /// Seconds without a byte, over all attempts, after which the hub is given up.
  let patience: Double
  let time: HubTime

  static let address = "https://huggingface.co"

  package init(
    _ environment: [String: String] = ProcessInfo.processInfo.environment, retries: Int = 5,
    pause: Double = 0.5, silence: Double = 6, patience: Double = 8, time: HubTime = .machine
  ) throws {
    func value(_ key: String) -> String? { environment[key].flatMap { $0.isEmpty ? nil : $0 } }
    for key in ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"] {
      guard let text = value(key), ["1", "ON", "YES", "TRUE"].contains(text.uppercased()) else {
        continue
      }
      throw LetheError.request("\(key) is \(text), so nothing is fetched; unset it to fetch models")
    }
    var address = value("HF_ENDPOINT") ?? Self.address
    while address.hasSuffix("/") { address.removeLast() }
    guard let endpoint = URL(string: address), ["http", "https"].contains(endpoint.scheme) else {
      throw LetheError.badValue(
        "HF_ENDPOINT", "'\(address)'; accepted: an address such as \(Self.address)")
    }
    self.endpoint = endpoint
    let home =
      value("HF_HOME") ?? (value("XDG_CACHE_HOME") ?? NSHomeDirectory() + "/.cache")
      + "/huggingface"
    let stored = try? InputFile.text(
      (value("HF_TOKEN_PATH") ?? home + "/token").filePlace)
    let own = value("HF_HUB_DISABLE_IMPLICIT_TOKEN") == nil ? stored : nil
    token = (value("HF_TOKEN") ?? value("HUGGING_FACE_HUB_TOKEN") ?? own)?
      .components(separatedBy: .newlines).joined().trimmingCharacters(in: .whitespaces)
    (self.retries, self.pause, self.silence) = (retries, pause, silence)
    (self.patience, self.time) = (patience, time)
  }

  /// The commit that a revision is at.
  package func commit(_ name: HubName) throws -> String {
    let revision =
      name.revision.addingPercentEncoding(
        withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-._~"))) ?? name.revision
    let answer = try json("api/models/\(name.name)/revision/\(revision)", name)
    guard let commit = answer["sha"]?.string, commit.count == 40, commit.allSatisfy(\.isHexDigit)
    else {
      throw LetheError(
        .other, "\(endpoint.absoluteString) gives no commit for \(name.name)@\(name.revision)")
    }
    return commit
  }

  /// Every file of a commit.
  package func entries(_ name: HubName, _ commit: String) throws -> [Entry] {
    var (entries, next) = (
      [Entry](),
      URL(
        string: "\(endpoint.absoluteString)/api/models/\(name.name)/tree/\(commit)?recursive=true")
    )
    var pages = 0
    while let url = next, pages < 1000 {
      pages += 1
      let (data, response) = try body(url, name)
      guard let list = (try? JSONText.value(data))?.array else {
        throw LetheError(.other, "\(url.absoluteString) answers with no list of files")
      }
      try Self.files.check(entries.count + list.count, "the list of files of \(name.name)", .other)
      for item in list where item["type"]?.string == "file" {
        let path = item["path"]?.string ?? ""
        guard let size = item["lfs"]?["size"]?.int ?? item["size"]?.int,
          let etag = item["lfs"]?["oid"]?.string ?? item["oid"]?.string,
          Self.isSafe(path), (0...Self.largest).contains(size), [40, 64].contains(etag.count),
          etag.allSatisfy(\.isHexDigit)
        else {
          throw LetheError(
            .other,
            "\(endpoint.absoluteString) lists the file '\(path.prefix(200))' of \(name.name), which has no name, size or hash of a file there; nothing is fetched"
          )
        }
        entries.append(Entry(path: path, size: size, etag: etag))
      }
      next = Self.next(response.value(forHTTPHeaderField: "Link")).flatMap { isOwn($0) ? $0 : nil }
    }
    return entries
  }

  /// Folders of the largest published models have hundreds of files.
  private static let files = Limit(100_000, "files")
  /// Bytes of a file: 16 TB.
  private static let largest = 1 << 44

  /// The address of `Link: <...>; rel="next"`.
  private static func next(_ link: String?) -> URL? {
    guard let link, link.contains("rel=\"next\""), let start = link.firstIndex(of: "<"),
      let end = link.firstIndex(of: ">"), start < end
    else { return nil }
    return URL(string: String(link[link.index(after: start)..<end]))
  }

  private static func isSafe(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !path.isEmpty && path.utf8.count < 1000 && !path.contains("\\") && !path.contains(":")
      && !path.contains("\0") && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }

  /// Whether an address is this hub's, to which the token may go.
  private func isOwn(_ url: URL) -> Bool {
    url.scheme == endpoint.scheme && url.host == endpoint.host && url.port == endpoint.port
  }

  func request(_ url: URL) -> URLRequest {
    var request = URLRequest(url: url)
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    request.setValue("lethe/\(Version.current)", forHTTPHeaderField: "User-Agent")
    if let token, isOwn(url) {
      request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
    }
    return request
  }

  private func json(_ path: String, _ name: HubName) throws -> JSON {
    guard let url = URL(string: "\(endpoint.absoluteString)/\(path)") else {
      throw LetheError.badValue("pull", "'\(path)' is no address")
    }
    do { return try JSONText.value(try body(url, name).0) } catch let error as JSONText.Fault {
      throw LetheError(.other, "\(url.absoluteString) answers with no JSON: \(error)")
    }
  }

  /// A short answer, tried again where that may help.
  private func body(_ url: URL, _ name: HubName) throws -> (Data, HTTPURLResponse) {
    var patience = HubPatience(self)
    while true {
      try Interrupt.check()
      let bytes = Mutex<(data: Data, announced: Int64)>((Data(), 0))
      do {
        let response = try HubTransfer.run(request(url), seconds: patience.silence) {
          response, data in
          try bytes.withLock {
            $0.data += data
            $0.announced = response.expectedContentLength
            guard $0.data.count < 1 << 26 else {
              throw LetheError(.other, "\(url.absoluteString) answers without end")
            }
          }
        }
        if response.statusCode == 200 { return (bytes.withLock { $0.data }, response) }
        guard HubFault.isTransient(response.statusCode), patience.waits(HubFault.after(response))
        else {
          throw HubFault.refusal(response, name, by: endpoint, url)
        }
      } catch let error as URLError {
        guard !patience.waits() else { continue }
        let (count, announced) = bytes.withLock { ($0.data.count, $0.announced) }
        throw count > 0 && count < announced
          ? HubFault.short(
            url.absoluteString, count, Int(clamping: announced), HubFault.reason(error))
          : HubFault.failure(error, url)
      }
    }
  }
}
