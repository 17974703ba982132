// Files of a model, transferred with resume and checked by length and hash.
internal import Editing
internal import Foundation
internal import Synchronization
internal import Torch
internal import Training

#if canImport(FoundationNetworking)
  internal import FoundationNetworking
#endif

extension Hub {
  /// Fetches one file into `blobs`, from where an interrupted transfer ended, and checks its length and its hash.
  package func fetch(
    _ entry: Entry, _ name: HubName, _ commit: String, into cache: HubCache,
    progress: (Int) -> Void
  ) throws {
    let folder = cache.folder(name)
    let blob = folder.appendingPathComponent("blobs/\(entry.etag)")
    let files = FileManager.default
    if !files.fileExists(atPath: blob.path) {
      try Folder.make(blob.deletingLastPathComponent())
      let part = folder.appendingPathComponent("blobs/\(entry.etag).lethe-part")
      try transfer(entry, name, commit, to: part, progress: progress)
      let found = try entry.isLarge ? FileDigest.sha256(part) : FileDigest.gitBlob(part)
      guard found == entry.etag else {
        try? files.removeItem(at: part)
        throw LetheError(
          .other,
          "\(entry.path) of \(name.name) came with the hash \(found.prefix(12)), not \(entry.etag.prefix(12)); it is thrown away, run the command again"
        )
      }
      do { try files.moveItem(at: part, to: blob) } catch {
        guard files.fileExists(atPath: blob.path) else {
          throw LetheError.unwritable(blob, "it cannot be moved to its place")
        }
      }
    }
    try cache.link(entry.path, commit, to: entry.etag, name)
  }

  private func transfer(
    _ entry: Entry, _ name: HubName, _ commit: String, to part: URL, progress: (Int) -> Void
  ) throws {
    let path =
      entry.path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? entry.path
    let first = URL(string: "\(endpoint.absoluteString)/\(name.name)/resolve/\(commit)/\(path)")
    var (patience, most) = (HubPatience(self), 0)
    while true {
      try Interrupt.check()
      let file = try PartialFile(part)
      most = max(most, file.size)
      if file.size > entry.size { try file.truncate() }
      let before = file.size
      guard before < entry.size || (entry.size == 0 && before == 0) else { return }
      if entry.size == 0 { return }
      guard var url = first else {
        throw LetheError.badValue("pull", "'\(entry.path)' is no address")
      }
      var (problem, named): (URLError?, Double?) = (nil, nil)
      let arrived = Mutex(time.now())
      do {
        var hops = 0
        while true {
          var request = request(url)
          if before > 0 { request.setValue("bytes=\(before)-", forHTTPHeaderField: "Range") }
          let response = try HubTransfer.run(request, seconds: patience.silence) {
            [url] response, data in
            guard response.statusCode == 200 || response.statusCode == 206 else { return }
            arrived.withLock { $0 = time.now() }
            try file.receive(data, response, expecting: entry.size, from: url)
          }
          if (300..<400).contains(response.statusCode), hops < 10,
            let place = response.value(forHTTPHeaderField: "Location").flatMap({
              URL(string: $0, relativeTo: url)?.absoluteURL
            }), ["http", "https"].contains(place.scheme)
          {
            hops += 1
            url = place
            continue
          }
          if response.statusCode == 416 {
            try file.truncate()
          } else if !(200..<300).contains(response.statusCode) {
            guard
              HubFault.isTransient(response.statusCode) || response.statusCode == 403 && hops > 0
            else {
              throw HubFault.refusal(response, name, by: endpoint, url)
            }
            named = HubFault.after(response)
          }
          break
        }
      } catch let error as URLError { problem = error }
      let now = file.size
      progress(now)
      if now == entry.size { return }
      // A hub whose file is shorter than its list says gives the same bytes again and again.
      if now > most {
        most = now
        patience.progressed(at: arrived.withLock { $0 })
      } else if !patience.waits(named) {
        if most == 0, let problem { throw HubFault.failure(problem, url) }
        throw HubFault.short(
          "\(entry.path) of \(name.name)", most, entry.size, problem.map(HubFault.reason))
      }
    }
  }
}
