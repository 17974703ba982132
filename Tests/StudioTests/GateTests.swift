// Requests that are answered and refused, by real calls of a real server.
import Foundation
import TestSupport
import Testing

@testable import Studio

@Suite struct GateTests {
  struct Refused: Sendable {
    let call: String
    var headers: [String: String] = [:]
    let status: Int
    let words: String

    init(_ call: String, _ headers: [String: String] = [:], _ status: Int, _ words: String) {
      (self.call, self.headers, self.status, self.words) = (call, headers, status, words)
    }
  }

  private static let refused = [
    // Rebinding: another site's name that leads to this machine.
    Refused("GET /api/runs", ["Host": "evil.example"], 421, "evil.example"),
    Refused("GET /", ["Host": "evil.example:80"], 421, "its address"),
    Refused("GET /", ["Host": "10.0.0.1"], 421, "10.0.0.1"),
    Refused("GET /api/runs", ["Host": ""], 421, "is not this server"),
    // Pages of other sites.
    Refused("GET /api/runs", ["Origin": "https://evil.example"], 403, "evil.example"),
    Refused("GET /api/runs", ["Origin": "null"], 403, "own page"),
    Refused("GET /files/0/esd-fox/job.json", ["Sec-Fetch-Site": "cross-site"], 403, "another site"),
    Refused("GET /api/runs", ["Sec-Fetch-Site": "same-site"], 403, "another site"),
    // Changes without the key.
    Refused("POST /api/jobs", ["X-Lethe-Key": ""], 403, "X-Lethe-Key"),
    Refused("POST /api/jobs", ["X-Lethe-Key": "0123"], 403, "reload"),
    Refused("POST /api/draw", ["X-Lethe-Key": "0123"], 403, "reload"),
    Refused("DELETE /api/jobs", [:], 405, "GET, POST"),
    Refused("GET /api/nothing", [:], 404, "nothing at"),
    Refused("GET /api/jobs/stop", [:], 404, "nothing at"),
    // Names of nothing, and ways out.
    Refused("GET /api/run?run=0/none", [:], 404, "no run '0/none'"),
    Refused("GET /api/run?run=9/esd-fox", [:], 404, "0 to 0"),
    Refused("GET /api/run?run=0/../x", [:], 400, "'..'"),
    Refused("GET /api/run", [:], 400, "no 'run'"),
    Refused("GET /files/0/../secret.json", [:], 400, "'..'"),
    Refused("GET /files/0/%2e%2e/secret.json", [:], 400, "'..'"),
    Refused("GET /files/0/..%2fsecret.json", [:], 400, "no name of a file"),
    Refused("GET /files/0//etc/passwd", [:], 400, "no name of a file"),
    Refused("GET /files/0/out/secret.json", [:], 400, "leads out"),
    Refused("GET /files/0/.studio/jobs/0001.json", [:], 403, "not shown"),
    Refused("GET /files/0/esd-fox/eraser.safetensors", [:], 403, "not shown"),
    Refused("GET /files/0/esd-fox/none.json", [:], 404, "no file"),
    Refused("GET /files/0/esd-fox/false.png", [:], 403, "no PNG"),
    Refused("GET /api/jobs/watch?job=..%2f0001", [:], 404, "no job"),
    Refused(
      "POST /api/draw", ["Transfer-Encoding": "chunked", "Content-Length": ""], 411,
      "Content-Length"),
    // Heads that no browser sends.
    Refused("GET /", ["X": String(repeating: "a", count: 4 << 20)], 431, "at most that"),
    Refused("GET x", [:], 400, "'x' is no path"),
    Refused("GET /a b", [:], 400, "begins no request"),
    Refused("GET /", ["a b": "c"], 400, "'a b: c' is no header"),
    Refused("POST /api/jobs", ["Content-Length": "-5"], 400, "'-5' is no number"),
    Refused("POST /api/jobs", ["Content-Length": "99999999999999999999"], 400, "is no number"),
    Refused("POST /api/jobs", ["Content-Length": "1", "content-length": "1"], 400, "'1, 1'"),
  ]

  /// Every refusal has its status and says in one sentence what would be accepted; none shows the file outside.
  @Test func refusals() async throws {
    try await TinyRuns.served { runs, client, _ in
      let outside = runs.folder.deletingLastPathComponent().appendingPathComponent(
        "outside-\(runs.folder.lastPathComponent)")
      try FileManager.default.createDirectory(at: outside, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: outside) }
      try Data(#"{"secret":"s3cret"}"#.utf8).write(
        to: outside.appendingPathComponent("secret.json"))
      try FileManager.default.createSymbolicLink(
        at: runs.folder.appendingPathComponent("out"), withDestinationURL: outside)
      try runs.write("false.png", "<svg onload=alert(1)>")
      for refused in Self.refused {
        let words = refused.call.split(separator: " ", maxSplits: 1)
        let reply = try await client.call(String(words[0]), String(words[1]), refused.headers)
        #expect(reply.status == refused.status, "\(refused.call) \(reply.text)")
        #expect(reply.error.contains(refused.words), "\(refused.call): \(reply.error)")
        #expect(!reply.error.contains("\n") && !reply.text.contains("s3cret"), "\(refused.call)")
      }
    }
  }

  /// The page itself may be led to by a link, and names what it loads: this server alone.
  @Test func thePageLoadsNothingElse() async throws {
    try await TinyRuns.served { _, client, _ in
      let page = try await client.get("/", ["Sec-Fetch-Site": "cross-site"])
      #expect(page.status == 200 && page.text.contains("studio.js"))
      let policy = try #require(
        page.head.split(separator: "\r\n").first { $0.hasPrefix("Content-Security-Policy") })
      #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"))
      #expect(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"))
      #expect(page.head.contains("nosniff") && !page.head.lowercased().contains("set-cookie"))
      for name in ["/", "/studio.css", "/studio.js"] {
        let part = try await client.get(name)
        #expect(part.status == 200 && !part.body.isEmpty, "\(name)")
        #expect(!part.text.contains("https://") && !part.text.contains("//cdn"), "\(name)")
      }
    }
  }

  /// A body beyond the limit is refused, and a request inside it is not taken for one of its own.
  @Test func bodiesAreLimited() async throws {
    try await TinyRuns.served { _, client, _ in
      for (target, size) in [("/api/jobs", 1 << 20), ("/api/erasers?name=a.safetensors", 64 << 20)]
      {
        var lines = client.headers
        lines["Content-Length"] = "\(size + 1)"
        let head =
          "POST \(target) HTTP/1.1\r\n" + lines.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
        let reply = try Client.parsed(
          await client.said(
            Data(head.utf8) + Data(count: min(size + 1, 3 << 20)), endsWriting: true))
        #expect(reply.status == 413 && reply.error.contains("at most \(size)"), "\(reply.text)")
      }
      let inner = "GET /studio.css HTTP/1.1\r\nHost: 127.0.0.1:\(client.port)\r\n\r\n"
      let padding = String(repeating: " ", count: 5 << 20)
      let outer =
        "POST /api/jobs HTTP/1.1\r\nHost: 127.0.0.1:\(client.port)\r\nOrigin: https://evil.example\r\n"
        + "Content-Length: \(padding.utf8.count + inner.utf8.count)\r\n\r\n"
      let answer = try await client.said(Data((outer + padding + inner).utf8))
      #expect(!String(decoding: answer, as: UTF8.self).contains("text/css"))
    }
  }

  /// A connection beyond the most is closed without an answer.
  @Test func connectionsHaveABound() async throws {
    try await TinyRuns.served { runs, client, _ in
      var options = Studio.Options(
        [runs.folder.path], program: URL(fileURLWithPath: "/nonexistent"))
      (options.port, options.clients) = (0, 0)
      let closed = try Studio(options)
      let other = Client(try await closed.open())
      let head = "GET /studio.css HTTP/1.1\r\nHost: 127.0.0.1:\(other.port)\r\n\r\n"
      let answer = try await other.said(Data(head.utf8))
      await closed.close()
      #expect(answer.isEmpty)
      let answered = try await client.get("/studio.css")
      #expect(answered.status == 200)
    }
  }

  /// Bytes after a request are no request of their own, also where they came in one piece with it.
  @Test func aConnectionHasOneRequest() async throws {
    try await TinyRuns.served { _, client, _ in
      let head = "Host: 127.0.0.1:\(client.port)\r\nConnection: keep-alive\r\n\r\n"
      let two = "GET /studio.css HTTP/1.1\r\n\(head)GET /studio.js HTTP/1.1\r\n\(head)"
      let answer = String(decoding: try await client.said(Data(two.utf8)), as: UTF8.self)
      #expect(answer.contains("text/css") && answer.contains("Connection: close"))
      #expect(!answer.contains("text/javascript"))
    }
  }

  /// A client that says a head byte by byte, or nothing more, is left after its time; one that asks again has a new
  /// one.
  @Test func slowClientsAreLeft() async throws {
    try await TinyRuns.served({ $0.patience = 0.5 }) { _, client, _ in
      let part = "GET /studio.css HTTP/1.1\r\nHost: 127.0.0.1:\(client.port)\r\n"
      // The client throws where the server does not close the connection itself.
      let half = try await client.said(Data(part.utf8))
      let whole = try await client.said(Data((part + "\r\n").utf8))
      #expect(half.isEmpty && whole.count > 1000)
      for _ in 0..<3 {
        let again = try await client.get("/studio.css")
        #expect(again.status == 200)
      }
    }
  }

  /// Another address than this machine's own needs a token; a ticket is good for one look at one file.
  @Test func anotherAddressNeedsAToken() async throws {
    try await TinyRuns.served({ $0.host = "0.0.0.0" }) { _, client, studio in
      let token = try #require(studio.token)
      #expect(token.count == 32)
      #expect(try await client.get("/api/runs").status == 200)
      for wrong in ["", "Bearer ", "Bearer \(token)0", "Bearer \(token.dropLast())x"] {
        let reply = try await client.get("/api/runs", ["Authorization": wrong])
        #expect(reply.status == 401 && reply.error.contains("token"), "\(wrong)")
      }
      #expect(try await client.get("/", ["Authorization": ""]).status == 200)
      let file = ["files", "0", "esd-fox", "job.json"]
      let ticket = try #require(
        await client.post("/api/ticket", ["path": file]).json()["ticket"] as? String)
      func look(_ path: String) async throws -> Int {
        try await client.get("\(path)?ticket=\(ticket)", ["Authorization": ""]).status
      }
      #expect(try await look("/" + file.joined(separator: "/")) == 200)
      #expect(try await look("/" + file.joined(separator: "/")) == 401)
      #expect(try await look("/api/runs") == 401)
    }
  }

  @Test func ticketsEnd() throws {
    let (tickets, now) = (Tickets(), Date())
    let (first, second) = (tickets.issue(["a"], now: now), tickets.issue(["a"], now: now))
    try tickets.redeem(first, ["a"], now: now.addingTimeInterval(59))
    #expect(throws: Refusal.self) {
      try tickets.redeem(second, ["a"], now: now.addingTimeInterval(61))
    }
    let third = tickets.issue(["a"], now: now)
    #expect(throws: Refusal.self) { try tickets.redeem(third, ["b"], now: now) }
    #expect(throws: Refusal.self) { try tickets.redeem(third, ["a"], now: now) }
  }

  @Test func hosts() {
    #expect(Gate.name(of: "LocalHost:80") == "localhost" && Gate.name(of: "[::1]:80") == "::1")
    #expect(Gate.isLoopback("127.9.0.1") && Gate.isLoopback("::1") && Gate.isLoopback("localhost"))
    #expect(!Gate.isLoopback("127.evil.example") && !Gate.isLoopback("10.0.0.1"))
    #expect(Secret.agree("abc", "abc") && !Secret.agree("abd", "abc"))
    #expect(
      !Secret.agree(nil, "a") && !Secret.agree("ab", "abc") && Secret.random() != Secret.random())
  }

  /// The options that a studio is started with: folders, addresses, tokens and ports.
  @Test func options() async throws {
    func refusal(_ change: (inout Studio.Options) -> Void) -> String {
      var options = Studio.Options([Fixtures.folder.path], program: Fixtures.folder)
      change(&options)
      do {
        _ = try Studio(options)
        return ""
      } catch { return "\(error)" }
    }
    #expect(refusal { _ in } == "")
    #expect(refusal { $0.host = "example.org" }.contains("accepted: an IP address"))
    #expect(refusal { $0.token = "short" }.contains("16"))
    #expect(refusal { $0.folders = ["/none"] }.contains("no folder /none"))
    #expect(refusal { $0.folders = [TinyRuns.model] }.contains("at least one"))
    try await TinyRuns.served { runs, client, _ in
      await #expect { _ = try await runs.open { $0.port = client.port } } throws: {
        "\($0)".contains("\(client.port) is in use")
      }
    }
  }
}
