// The gate decides which requests the server answers. A page of another site can make a browser send requests to this
// server, and a name of another site can be made to lead to this machine (DNS rebinding). So every call must name a
// host that is this server's, may come from no other page, and one that changes something carries a key that no other
// page can read.
internal import Foundation
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

struct Gate: Sendable {
  /// The address that the server listens on.
  let host: String
  /// The token that calls must bring; nil asks for none.
  let token: String?
  /// The key that changing calls bring in ``keyHeader``; the server's page reads it.
  let key = Secret.random()
  let tickets = Tickets()

  static let keyHeader = "X-Lethe-Key"

  /// The parts that everybody may read: they hold nothing of the user's.
  private static let open: Set<String> = ["", "studio.css", "studio.js"]

  /// - Throws: ``Refusal`` with the reason
  func check(_ call: Call) throws(Refusal) {
    try checkHost(call)
    try checkOrigin(call)
    guard ["GET", "POST"].contains(call.method) else {
      throw Refusal(.method, "the method \(call.method.prefix(20)); accepted: GET, POST")
    }
    let first = call.path.first ?? ""
    guard !(call.path.count <= 1 && Self.open.contains(first)) else { return }
    if let token {
      let ticket = first == "files" ? call.query["ticket"] : nil
      if let ticket {
        try tickets.redeem(ticket, call.path)
      } else if !Secret.agree(call.header("Authorization"), "Bearer \(token)") {
        throw Refusal(
          .token, "the token is missing or wrong; `lethe studio` printed the address that has it")
      }
    }
    if call.method == "POST", !Secret.agree(call.header(Self.keyHeader), key) {
      throw Refusal(
        .forbidden,
        "the header \(Self.keyHeader) is missing or of an earlier studio; reload the page")
    }
  }

  private func checkHost(_ call: Call) throws(Refusal) {
    let named = call.header("Host") ?? ""
    let name = Self.name(of: named)
    let isOwn =
      Self.isLoopback(host)
      ? Self.isLoopback(name) : name == host || Self.isAddress(name) || Self.isLoopback(name)
    guard isOwn else {
      throw Refusal(
        .host, "the host '\(named.prefix(100))' is not this server; accepted: its address")
    }
  }

  private func checkOrigin(_ call: Call) throws(Refusal) {
    if let origin = call.header("Origin") {
      let own = (call.header("Host") ?? "").lowercased()
      guard ["http://\(own)", "https://\(own)"].contains(origin.lowercased()) else {
        throw Refusal(
          .forbidden, "a page of '\(origin.prefix(100))' asks; accepted: this server's own page")
      }
    }
    // Browsers say so where no origin is sent: pictures, frames, links. A link may lead to the page itself.
    let site = call.header("Sec-Fetch-Site") ?? "none"
    guard ["same-origin", "none"].contains(site) || call.path == [""] else {
      throw Refusal(.forbidden, "another site's page asks; accepted: this server's own page")
    }
  }

  // MARK: - Names of hosts

  /// The name in a header `Host`, without the port.
  static func name(of host: String) -> String {
    let lower = host.lowercased()
    if lower.hasPrefix("["), let end = lower.firstIndex(of: "]") {
      return String(lower[lower.index(after: lower.startIndex)..<end])
    }
    return String(lower.split(separator: ":", omittingEmptySubsequences: false).first ?? "")
  }

  static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "::1" || (host.hasPrefix("127.") && isAddress(host))
  }

  /// Whether a name is an IP address, which no name server can change.
  static func isAddress(_ name: String) -> Bool {
    var (v4, v6) = (in_addr(), in6_addr())
    return inet_pton(AF_INET, name, &v4) == 1 || inet_pton(AF_INET6, name, &v6) == 1
  }
}

/// Random words, and their comparison.
enum Secret {
  /// 128 bits as 32 hexadecimal digits.
  static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    let halves = [generator.next(), generator.next()]
    return halves.map { String(format: "%016lx", $0) }.joined()
  }

  /// Whether two texts agree, in a time that does not depend on where they differ.
  static func agree(_ given: String?, _ own: String) -> Bool {
    let (a, b) = (Array((given ?? "").utf8), Array(own.utf8))
    guard a.count == b.count else { return false }
    return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}

/// Rights to read one path once, within a minute: frames cannot send a token.
final class Tickets: Sendable {
  private let issued = Mutex<[String: (path: [String], end: Date)]>([:])

  func issue(_ path: [String], now: Date = Date()) -> String {
    let ticket = Secret.random()
    issued.withLock { issued in
      issued = issued.filter { $0.value.end > now }
      issued[ticket] = (path, now.addingTimeInterval(60))
    }
    return ticket
  }

  /// - Throws: ``Refusal`` for a ticket that was used, is too old or is for another path
  func redeem(_ ticket: String, _ path: [String], now: Date = Date()) throws(Refusal) {
    let found = issued.withLock { $0.removeValue(forKey: ticket) }
    guard let found, found.path == path, found.end > now else {
      throw Refusal(.token, "the ticket is used, too old or for another path")
    }
  }
}
