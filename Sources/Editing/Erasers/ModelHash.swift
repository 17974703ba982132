public import Diffusion
package import Foundation
internal import Torch
internal import TorchNN

extension DiffusionModel {
  /// SHA-256 over every parameter's path, shape and float32 bytes in the order of the paths, after the tokens of
  /// `--embedding`.
  public func hash() -> String {
    ParameterVector(parameters.tensors).hash(after: layout.inserted) { $0.to(.float32) }
  }
}

extension ParameterVector {
  /// SHA-256 over a text and every tensor's path, shape and bytes, in the order of the paths.
  /// - Parameter as: a tensor -> the one whose bytes count; one at a time is in memory
  func hash(after text: String = "", as converted: (Tensor) -> Tensor = { $0 }) -> String {
    var sha = SHA256Stream()
    sha.update(text)
    for path in paths {
      guard let tensor = tensors[path] else { continue }
      sha.update("\(path) \(tensor.shape)\n")
      converted(tensor).bytes.withUnsafeBytes { sha.update($0) }
    }
    return sha.hexadecimal()
  }
}

extension String {
  /// SHA-256 of the text's bytes, in hexadecimal digits.
  package var sha256: String {
    var sha = SHA256Stream()
    sha.update(self)
    return sha.hexadecimal()
  }
}

extension Data {
  /// SHA-256 of the bytes, in hexadecimal digits.
  package var sha256: String {
    var sha = SHA256Stream()
    withUnsafeBytes { sha.update($0) }
    return sha.hexadecimal()
  }
}

extension URL {
  /// SHA-256 over the names and bytes of the files of this name in a folder, or of this file. Behind an index of shards
  /// the shards follow. Files that are missing are left out.
  package func sha256(of names: [String] = []) -> String {
    let named = names.isEmpty ? [self] : names.map(appendingPathComponent)
    let files = named.flatMap { file in
      let isIndex = file.lastPathComponent.hasSuffix(".safetensors.index.json")
      return [file] + (isIndex ? (try? SafeTensors.shards(of: file)) ?? [] : [])
    }
    var sha = SHA256Stream()
    for file in files {
      guard let mapped = try? MappedFile(file) else { continue }
      sha.update("\(file.lastPathComponent) \(mapped.bytes.count)\n")
      sha.update(mapped.bytes)
    }
    return sha.hexadecimal()
  }
}

extension SHA256Stream {
  mutating func update(_ text: String) {
    Array(text.utf8).withUnsafeBytes { update($0) }
  }
}
