// The cache that Hugging Face's programs share: models--ORG--NAME with refs, blobs and snapshots of links to them.
package import Foundation
internal import Torch

/// A model's name on a hub, with the revision that is meant.
package struct HubName: Sendable, Hashable {
  package let name: String
  package let revision: String

  /// - Parameter text: ORG/NAME or ORG/NAME@revision; nil for other text
  package init?(_ text: String) {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let words = parts[0].split(separator: "/", omittingEmptySubsequences: false)
    guard words.count == 2, words.allSatisfy(Self.isWord),
      parts.count < 2 || Self.isRevision(parts[1])
    else { return nil }
    (name, revision) = (String(parts[0]), parts.count > 1 ? String(parts[1]) : "main")
  }

  /// A branch, a tag or a commit, which becomes a file below `refs`.
  private static func isRevision(_ text: Substring) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return text.utf8.count <= 200 && !text.contains { $0.isNewline || $0 == "\0" || $0 == "\\" }
      && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }

  private static func isWord(_ word: Substring) -> Bool {
    let isPlain = word.allSatisfy { c in
      c.isASCII && (c.isLetter || c.isNumber || c == "." || c == "_" || c == "-")
    }
    return isPlain && !word.isEmpty && word.count <= 96 && word.first != "." && word.first != "-"
      && !word.contains("..") && !word.contains("--")
  }
}

package struct HubCache: Sendable {
  package let root: URL

  /// - Parameter environment: of the process
  package init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
    func place(_ key: String) -> String? { environment[key].flatMap { $0.isEmpty ? nil : $0 } }
    let home =
      place("HF_HOME") ?? (place("XDG_CACHE_HOME") ?? NSHomeDirectory() + "/.cache")
      + "/huggingface"
    let path = place("HF_HUB_CACHE") ?? place("HUGGINGFACE_HUB_CACHE") ?? home + "/hub"
    root = ((path as NSString).expandingTildeInPath).filePlace
  }

  package func folder(_ name: HubName) -> URL {
    root.appendingPathComponent("models--" + name.name.replacingOccurrences(of: "/", with: "--"))
  }

  /// The folder of a model that was fetched; nil where there is none.
  package func snapshot(_ name: HubName) -> URL? {
    let folder = folder(name)
    let ref = folder.appendingPathComponent("refs/\(name.revision)")
    let known = (try? InputFile.text(ref))?
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let snapshots = folder.appendingPathComponent("snapshots")
    guard
      let snapshot = try? snapshots.inside(
        known ?? name.revision, "the commit", of: ref, followingLinks: true)
    else { return nil }
    return FileManager.default.fileExists(atPath: snapshot.path) ? snapshot : nil
  }

  /// Makes `snapshots/COMMIT/PATH` a link to a blob; a copy where the file system knows no links.
  func link(_ path: String, _ commit: String, to etag: String, _ name: HubName) throws {
    let files = FileManager.default
    let folder = folder(name)
    let place = folder.appendingPathComponent("snapshots/\(commit)/\(path)")
    guard !files.fileExists(atPath: place.path) else { return }
    let up = String(repeating: "../", count: 2 + path.split(separator: "/").count - 1)
    do {
      try Folder.make(place.deletingLastPathComponent())
      try? files.removeItem(at: place)
      do {
        try files.createSymbolicLink(atPath: place.path, withDestinationPath: "\(up)blobs/\(etag)")
      } catch {
        try files.copyItem(at: folder.appendingPathComponent("blobs/\(etag)"), to: place)
      }
    } catch let error as LetheError { throw error } catch {
      throw LetheError.unwritable(place, "the link to its content cannot be made")
    }
  }
}
