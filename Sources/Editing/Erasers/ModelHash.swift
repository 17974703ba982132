public import Diffusion
internal import Torch
internal import TorchNN

extension DiffusionModel {
  /// SHA-256 over every parameter's path, shape and bytes, in the order of the paths.
  public func hash() -> String {
    var sha = SHA256Stream()
    for path in parameters.paths.sorted() {
      guard let tensor = parameters[path] else { continue }
      Array("\(path) \(tensor.shape)\n".utf8).withUnsafeBytes { sha.update($0) }
      tensor.bytes.withUnsafeBytes { sha.update($0) }
    }
    return sha.hexadecimal()
  }
}
