// `lethe pull`: a model from a hub into the shared cache.
package import Foundation
internal import Torch
internal import Training

/// The command `lethe pull`.
package struct Pull {
  private let name: HubName
  private let variant: String?

  /// - Throws: ``LetheError`` of the kind `request` for a name of another form
  package init(_ text: String, variant: String? = nil) throws {
    guard let name = HubName(text) else {
      throw LetheError.badValue("pull", "'\(text)'; accepted: ORG/NAME or ORG/NAME@revision")
    }
    (self.name, self.variant) = (name, variant)
  }

  /// Fetches the files that Lethe reads, and none else: never pickles, never code.
  /// - Returns: the folder in the cache
  package func callAsFunction(
    _ hub: Hub, _ cache: HubCache, progress: (_ done: Int, _ total: Int) -> Void
  ) throws -> URL {
    let commit = try hub.commit(name)
    let entries = try Self.needed(hub.entries(name, commit), variant: variant)
    // Two transfers into one file would each cut what the other has written.
    try Folder.make(cache.folder(name))
    let lock = try FolderLock(cache.folder(name))
    defer { withExtendedLifetime(lock) {} }
    let total = entries.reduce(0) { $0 + $1.size }
    var done = 0
    for entry in entries {
      let before = done
      try hub.fetch(entry, name, commit, into: cache) { progress(before + $0, total) }
      done += entry.size
      progress(done, total)
    }
    let ref = cache.folder(name).appendingPathComponent("refs/\(name.revision)")
    try Folder.make(ref.deletingLastPathComponent())
    try AtomicFile.write(Data(commit.utf8), to: ref)
    return cache.folder(name).appendingPathComponent("snapshots/\(commit)")
  }

  /// The files of a model that Lethe reads.
  static func needed(_ entries: [Hub.Entry], variant: String?) throws -> [Hub.Entry] {
    func place(_ path: String) -> (folder: String, file: String) {
      let parts = path.split(separator: "/").map(String.init)
      return (parts.dropLast().joined(separator: "/"), parts.last ?? "")
    }
    let components = ["unet", "vae", "text_encoder", "text_encoder_2"]
    let texts = entries.filter { entry in
      let (folder, file) = place(entry.path)
      switch folder {
      case "": return ["model_index.json", "README.md"].contains(file)
      // Other programs load no model that names a preprocessing and lacks its file.
      case "scheduler", "feature_extractor": return file.hasSuffix(".json")
      case "tokenizer", "tokenizer_2": return file.hasSuffix(".json") || file.hasSuffix(".txt")
      default: return components.contains(folder) && file == "config.json"
      }
    }
    guard texts.contains(where: { $0.path == "model_index.json" }) else {
      throw LetheError.request(
        "the model has no model_index.json; only models in the diffusers layout are fetched")
    }
    var weights: [Hub.Entry] = []
    for component in components
    where texts.contains(where: { $0.path == "\(component)/config.json" }) {
      let own = entries.filter { place($0.path).folder == component }
      func of(_ tag: String?) -> [Hub.Entry] {
        own.filter { entry in
          let file = place(entry.path).file
          let isWeight = file.hasSuffix(".safetensors") || file.contains(".safetensors.index")
          guard isWeight, !file.hasPrefix("flax"), !file.hasPrefix("openvino") else { return false }
          let stem = file.replacingOccurrences(of: ".safetensors", with: "").replacingOccurrences(
            of: ".index", with: ""
          ).replacingOccurrences(of: ".json", with: "")
          let parts = stem.split(separator: ".").dropFirst()
          let own = parts.first.map(String.init)?.split(separator: "-").first.map(String.init)
          return own == tag
        }
      }
      let found = variant.map { of($0) } ?? (of(nil).isEmpty ? of("fp16") : of(nil))
      guard !found.isEmpty else {
        let others = own.map { place($0.path).file }.filter { !$0.hasSuffix(".json") }
        throw LetheError.request(
          "\(component) has no weights" + (variant.map { " of the variant '\($0)'" } ?? "")
            + " in safetensors; it has \(others.isEmpty ? "none" : others.joined(separator: ", "))")
      }
      weights += found
    }
    return (texts + weights).sorted { $0.path < $1.path }
  }
}
