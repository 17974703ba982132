package import Foundation
internal import Torch

/// A folder of transformers with one network in it.
package enum ComponentFolder {
  /// The file with the weights: whole, or the index of shards.
  /// - Throws: ``LetheError`` of the kind `model` where there is none, or a pickle alone
  package static func weights(in folder: URL) throws -> URL {
    let files = FileManager.default
    let names = ["model.safetensors", "model.safetensors.index.json"]
    if let found = names.map(folder.appendingPathComponent).first(where: {
      files.fileExists(atPath: $0.path)
    }) {
      return found
    }
    let all = ((try? files.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    if let pickle = all.first(where: { $0.hasSuffix(".bin") || $0.hasSuffix(".pt") }) {
      throw LetheError.pickle(folder.appendingPathComponent(pickle))
    }
    throw LetheError.model("\(folder.path) has no model.safetensors")
  }
}
