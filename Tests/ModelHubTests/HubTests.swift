import Editing
import Foundation
import Synchronization
import TestSupport
import Testing
import Torch
import Training

@testable import ModelHub
@testable import Workbench
@testable import Workflows

/// Against a server on this machine that cuts connections, lies about sizes and redirects.
@Suite struct HubTests {
  static let commit = String(repeating: "ab", count: 20)

  struct Site: Sendable {
    var files: [String: Data] = [:]
    var order: [String] { files.keys.sorted() }

    init(_ model: URL) throws {
      for name in try FileManager.default.subpathsOfDirectory(atPath: model.path) {
        let file = model.appendingPathComponent(name)
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
        if !isFolder.boolValue { files[name] = try Data(contentsOf: file) }
      }
      files["unet/diffusion_pytorch_model.bin"] = Data("pickle".utf8)
      files["unet/diffusion_pytorch_model.fp16.safetensors"] =
        files["unet/diffusion_pytorch_model.safetensors"]
      files["whole.safetensors"] = Data("whole".utf8)
      files["train.py"] = Data("code".utf8)
      files["feature_extractor/preprocessor_config.json"] = Data("{\"size\": 224}".utf8)
      files["safety_checker/model.safetensors"] = Data("checker".utf8)
    }

    func etag(_ name: String) -> String {
      let data = files[name] ?? Data()
      return name.hasSuffix(".safetensors")
        ? HubTests.sha256(data) : FileDigest.sha1(Array("blob \(data.count)\0".utf8) + data)
    }

    /// The answer of a hub that behaves.
    func answer(_ request: HubServer.Request) -> HubServer.Answer {
      if request.path.contains("/revision/") {
        return .init(body: Data("{\"sha\":\"\(HubTests.commit)\",\"gated\":false}".utf8))
      }
      if request.path.contains("/tree/") {
        let list = order.map { name -> JSON in
          let size = files[name]?.count ?? 0
          var item: JSON = [
            "type": "file", "path": .string(name), "size": .int(size), "oid": .string(etag(name)),
          ]
          if name.hasSuffix(".safetensors") {
            item["oid"] = "0000000000000000000000000000000000000000"
            item["lfs"] = ["oid": .string(etag(name)), "size": .int(size)]
          }
          return item
        }
        return .init(
          body: Data(JSON.array(list + [["type": "directory", "path": "unet"]]).compact.utf8))
      }
      guard
        let name = request.path.components(separatedBy: "/resolve/\(HubTests.commit)/").last?
          .removingPercentEncoding,
        let data = files[name]
      else { return .init(status: 404) }
      return part(data, request)
    }

    func part(_ data: Data, _ request: HubServer.Request) -> HubServer.Answer {
      let start = request.start
      guard start > 0 else { return .init(body: data) }
      return .init(
        status: 206, headers: ["Content-Range": "bytes \(start)-\(data.count - 1)/\(data.count)"],
        body: data.dropFirst(start))
    }
  }

  static func sha256(_ data: Data) -> String {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try? data.write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return (try? FileDigest.sha256(file)) ?? ""
  }

  /// Pulls the tiny model from a server with its own manners.
  private func pull(
    _ name: String = "org/tiny", variant: String? = nil, token: String? = nil,
    retries: Int = 2, patience: Double = 9, time: HubTime = .machine,
    _ manners: @escaping @Sendable (HubServer.Request, Site) -> HubServer.Answer?,
    _ body: (Result<URL, any Error>, HubServer, HubCache) throws -> Void
  ) throws {
    let site = try Site(Fixtures.url("tiny-sd1"))
    let server = HubServer { manners($0, site) ?? site.answer($0) }
    defer { server.stop() }
    try Fixtures.temporaryFolder { folder in
      var environment = ["HF_ENDPOINT": server.address + "/", "HF_HOME": folder.path]
      environment["HF_TOKEN"] = token
      let cache = HubCache(environment)
      let result = Result {
        try Pull(name, variant: variant)(
          Hub(
            environment, retries: retries, pause: 0.01, silence: 3, patience: patience, time: time),
          cache, progress: { _, _ in })
      }
      try body(result, server, cache)
    }
  }

  /// The standard layout: refs, blobs, links; only what is needed, nothing twice, and the model loads by its name.
  @Test func layoutOfTheCache() throws {
    try pull { _, _ in
      nil
    } _: { result, server, cache in
      let snapshot = try result.get()
      let name = try #require(HubName("org/tiny"))
      #expect(
        try String(
          contentsOf: cache.folder(name).appendingPathComponent("refs/main"), encoding: .utf8)
          == Self.commit)
      #expect(snapshot.path.hasSuffix("models--org--tiny/snapshots/\(Self.commit)"))
      #expect(cache.snapshot(name)?.path == snapshot.path)
      let file = snapshot.appendingPathComponent("unet/diffusion_pytorch_model.safetensors")
      let target = try FileManager.default.destinationOfSymbolicLink(atPath: file.path)
      #expect(target.hasPrefix("../../../blobs/") && target.count == "../../../blobs/".count + 64)
      let names = try FileManager.default.subpathsOfDirectory(atPath: snapshot.path)
      #expect(
        !names.contains {
          $0.hasSuffix(".bin") || $0.hasSuffix(".py") || $0.contains("fp16")
            || $0.hasPrefix("whole") || $0.hasPrefix("safety_checker")
        })
      #expect(names.contains("feature_extractor/preprocessor_config.json"))
      let before = server.requests.count
      _ = try ModelFolder(snapshot).model()
      #expect(server.requests.count == before)
      #expect(
        server.requests.allSatisfy {
          $0.headers["accept-encoding"] == "identity" && $0.headers["authorization"] == nil
        })
    }
  }

  /// Connections that end early go on from where they ended, and servers that know no ranges begin again.
  @Test(arguments: [true, false]) func brokenConnections(_ knowsRanges: Bool) throws {
    let count = Mutex(0)
    try pull { request, site in
      guard request.path.hasSuffix("unet/diffusion_pytorch_model.safetensors"),
        let data = site.files["unet/diffusion_pytorch_model.safetensors"]
      else { return nil }
      let turn = count.withLock { n in
        n += 1
        return n
      }
      var answer = knowsRanges ? site.part(data, request) : .init(body: data)
      if turn < 3 { answer.cut = 1000 }
      return answer
    } _: { result, server, _ in
      _ = try result.get()
      let starts = server.requests.filter {
        $0.path.hasSuffix("unet/diffusion_pytorch_model.safetensors")
      }.map(\.start)
      #expect(starts == (knowsRanges ? [0, 1000, 2000] : [0, 1000, 1000]))
    }
  }

  /// A body of another content, or longer than it was announced, is thrown away.
  @Test(arguments: ["other", "longer", "shorter"]) func liars(_ kind: String) throws {
    try pull { request, site in
      guard request.path.hasSuffix("vae/diffusion_pytorch_model.safetensors"),
        var data = site.files["vae/diffusion_pytorch_model.safetensors"]
      else { return nil }
      switch kind {
      case "other": data[data.count - 1] ^= 1
      case "longer": data += [1, 2, 3]
      default: data.removeLast()
      }
      return .init(body: data)
    } _: { result, _, cache in
      #expect(throws: LetheError.self) { try result.get() }
      let name = try #require(HubName("org/tiny"))
      #expect(
        cache.snapshot(name).map {
          $0.appendingPathComponent("vae/diffusion_pytorch_model.safetensors")
        }
        .map { FileManager.default.fileExists(atPath: $0.path) } != true)
      #expect(
        !FileManager.default.fileExists(
          atPath: cache.folder(name).appendingPathComponent("refs/main").path))
    }
  }

  /// A hub whose answers stay short is given up after the patience, in whose time waits that double have few places,
  /// and its sentence says how much came. Only waits take time here: nine of 0.01 to 2.56 s fit into 9 s.
  @Test(arguments: ["/revision/", "/resolve/"]) func shortAnswersEndThePatience(_ part: String)
    throws
  {
    let passed = Mutex(0.0)
    let time = HubTime(
      now: { passed.withLock { $0 } }, sleep: { wait in passed.withLock { $0 += wait } })
    try pull(retries: 1000, time: time) { request, site in
      guard request.path.contains(part) else { return nil }
      if request.start > 0 { return .init(status: 416) }
      var answer = site.answer(request)
      (answer.length, answer.cut) = (answer.body.count, 5)
      return answer
    } _: { result, server, _ in
      let error = #expect(throws: LetheError.self) { try result.get() }
      #expect(error?.sentence.contains(" ends after 5 of ") == true, "\(error?.sentence ?? "")")
      #expect(error?.sentence.hasSuffix("give the command again, which goes on") == true)
      let asked = server.requests.filter { $0.path.contains(part) }
      #expect(asked.count == (part == "/revision/" ? 10 : 11))
      #expect(part == "/revision/" || asked[1].start == 5)
    }
  }

  /// The token goes to the hub and not to where it redirects.
  @Test func redirectsLoseTheToken() throws {
    let site = try Site(Fixtures.url("tiny-sd1"))
    let store = HubServer { request in
      site.part(site.files[String(request.path.dropFirst())] ?? Data(), request)
    }
    defer { store.stop() }
    let address = store.address
    try pull(token: "secret\n") { request, _ in
      guard let name = request.path.components(separatedBy: "/resolve/\(Self.commit)/").last,
        name.hasSuffix(".safetensors")
      else { return nil }
      return .init(status: 302, headers: ["Location": "\(address)/\(name)"])
    } _: { result, server, _ in
      _ = try result.get()
      #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer secret" })
      #expect(
        !store.requests.isEmpty && store.requests.allSatisfy { $0.headers["authorization"] == nil })
    }
  }

  /// The manners of the hub itself: small files from another path of it, with the slashes of the name encoded, large
  /// ones from a store that checks the signature of the address and refuses a second way to say who asks. The entity
  /// tag of the store is none of the content.
  @Test func theHubAndItsStore() throws {
    let site = try Site(Fixtures.url("tiny-sd1"))
    let signature = "?a=attachment%3B+name%2A%3DUTF-8%27%27x%3B&Signature=a~b-c_d%2Fe"
    let store = HubServer { request in
      guard request.headers["authorization"] == nil else { return .init(status: 400) }
      guard request.path.hasSuffix(signature) else { return .init(status: 403) }
      let etag = request.path.dropFirst().dropLast(signature.count)
      let found = site.order.first { site.etag($0) == etag }
      var answer = site.part(found.flatMap { site.files[$0] } ?? Data(), request)
      answer.headers["ETag"] = "\"0123-5\""
      return answer
    }
    defer { store.stop() }
    let address = store.address
    try pull(token: "secret") { request, site in
      let cached = "/api/resolve-cache/models/org/tiny/\(Self.commit)/"
      if request.path.hasPrefix(cached) {
        let parts = request.path.dropFirst(cached.count).components(separatedBy: "?")
        guard parts.count == 2, parts[1].hasPrefix("etag=%22"), !parts[0].contains("/") else {
          return .init(status: 404)
        }
        let data = site.files[parts[0].removingPercentEncoding ?? ""] ?? Data()
        return site.part(data, request)
      }
      guard request.path.contains("/resolve/"),
        let name = request.path.components(separatedBy: "/resolve/\(Self.commit)/").last
      else { return nil }
      let etag = site.etag(name)
      var headers = [
        "X-Repo-Commit": Self.commit, "X-Linked-Size": "\(site.files[name]?.count ?? 0)",
        "X-Linked-ETag": "\"\(etag)\"",
      ]
      let isLarge = name.hasSuffix(".safetensors")
      headers["Location"] =
        isLarge
        ? "\(address)/\(etag)\(signature)"
        : "\(cached)\(name.replacingOccurrences(of: "/", with: "%2F"))?etag=%22\(etag)%22"
      if isLarge { headers["X-Xet-Hash"] = String(repeating: "a", count: 64) }
      return .init(
        status: isLarge ? 302 : 307, headers: headers, body: Data("Redirecting".utf8))
    } _: { result, server, _ in
      let folder = try result.get()
      for name in ["unet/config.json", "unet/diffusion_pytorch_model.safetensors"] {
        #expect(
          try Data(contentsOf: folder.appendingPathComponent(name)) == site.files[name], "\(name)")
      }
      #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer secret" })
    }
  }

  /// A hub may send on to other servers of its kind, and to nothing else: the library behind would speak ftp and read
  /// files.
  @Test(arguments: ["ftp://127.0.0.1:9/x", "file:///etc/hosts"])
  func redirectsStayOnTheWeb(_ place: String) throws {
    try pull { request, _ in
      request.path.contains("/resolve/") ? .init(status: 302, headers: ["Location": place]) : nil
    } _: { result, _, _ in
      let error = #expect(throws: LetheError.self) { try result.get() }
      #expect(error?.sentence.hasSuffix("answers with status 302") == true)
    }
  }

  @Test func refusals() throws {
    for (status, code, expected) in [
      (401, "", "no model org/tiny"), (404, "RevisionNotFound", "no revision"),
      (403, "GatedRepo", "terms"), (500, "", "status 500"),
    ] {
      try pull { _, _ in
        .init(status: status, headers: code.isEmpty ? [:] : ["X-Error-Code": code])
      } _: { result, _, _ in
        let error = #expect(throws: LetheError.self) { try result.get() }
        #expect(error?.sentence.contains(expected) == true, "\(error?.sentence ?? "")")
      }
    }
    // Two sizes of 2^63 - 1 have no sum.
    for (path, size) in [
      ("../../x", "1"), ("unet/config.json", "\(Int.max)"), ("a", "-1"), ("a", "1e30"),
      ("a", "null"),
    ] {
      try pull { request, _ in
        let entry =
          "{\"type\":\"file\",\"path\":\"\(path)\",\"size\":\(size),\"oid\":\"\(Self.commit)\"}"
        return request.path.contains("/tree/")
          ? .init(body: Data("[\(entry),\(entry)]".utf8)) : nil
      } _: { result, _, _ in
        let error = #expect(throws: LetheError.self) { try result.get() }
        #expect(error?.sentence.contains("no name, size or hash of a file") == true)
      }
    }
    try pull { request, _ in
      request.path.contains("/tree/") ? .init(body: Data("{}".utf8)) : nil
    } _: { result, _, _ in
      let error = #expect(throws: LetheError.self) { try result.get() }
      #expect(error?.sentence.hasSuffix("answers with no list of files") == true)
    }
    try pull(variant: "bf16") { _, _ in
      nil
    } _: { result, _, _ in
      let error = #expect(throws: LetheError.self) { try result.get() }
      #expect(error?.sentence.contains("'bf16'") == true)
    }
    #expect(throws: LetheError.self) { try Hub(["HF_HUB_OFFLINE": "1"]) }
    for text in [
      "tiny", "a/b/c", "../x", "a/..", "/a", "a b/c", "a/b@", "a/b@../../x", "a/b@/x", "a/b@x\n",
    ] {
      #expect(throws: LetheError.self) { try Pull(text) }
    }
  }

  /// Of two transfers into one folder the second is refused, and touches no byte of the first.
  @Test func oneTransferAtATime() throws {
    try pull { _, _ in
      nil
    } _: { result, server, cache in
      let name = try #require(HubName("org/tiny"))
      let blobs = cache.folder(name).appendingPathComponent("blobs")
      _ = try result.get()
      let before = try FileManager.default.contentsOfDirectory(atPath: blobs.path)
      let other = try FolderLock(cache.folder(name))
      let error = #expect(throws: LetheError.self) {
        try withExtendedLifetime(other) {
          try Pull("org/tiny")(
            Hub(["HF_ENDPOINT": server.address]), cache, progress: { _, _ in })
        }
      }
      #expect(error?.kind == .disk)
      #expect(try FileManager.default.contentsOfDirectory(atPath: blobs.path) == before)
    }
  }

  /// A record of the cache that names another folder leads nowhere.
  @Test func recordsStayInTheirFolder() throws {
    try Fixtures.temporaryFolder { folder in
      let cache = HubCache(["HF_HUB_CACHE": folder.path])
      let name = try #require(HubName("org/tiny"))
      let refs = cache.folder(name).appendingPathComponent("refs")
      try FileManager.default.createDirectory(at: refs, withIntermediateDirectories: true)
      try FileManager.default.createDirectory(
        at: cache.folder(name).appendingPathComponent("snapshots/\(Self.commit)"),
        withIntermediateDirectories: true)
      for (commit, isFound) in [(Self.commit, true), ("../../..", false), (".", false)] {
        try Data(commit.utf8).write(to: refs.appendingPathComponent("main"))
        #expect((cache.snapshot(name) != nil) == isFound)
      }
    }
  }

  /// A folder wins over the cache; the cache is found by the usual variables.
  @Test func places() throws {
    #expect(HubCache(["HF_HOME": "/h"]).root.path == "/h/hub")
    #expect(HubCache(["HF_HUB_CACHE": "/c", "HF_HOME": "/h"]).root.path == "/c")
    #expect(HubCache(["XDG_CACHE_HOME": "/x"]).root.path == "/x/huggingface/hub")
    #expect(FileDigest.sha1(Array("abc".utf8)) == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(FileDigest.sha1([]) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    #expect(HubName("a/b@v1.0")?.revision == "v1.0" && HubName("a/b")?.revision == "main")
  }
}
