public import Diffusion
internal import Torch
internal import TorchNN

extension DiffusionModel {
  /// SHA-256 over every parameter's path, shape and bytes, in the order of the paths.
  public func hash() -> String {
    ParameterVector(parameters.tensors).hash()
  }
}

extension ParameterVector {
  /// SHA-256 over a text and every tensor's path, shape and bytes, in the order of the paths.
  func hash(after text: String = "") -> String {
    var sha = SHA256Stream()
    sha.update(text)
    for path in paths {
      guard let tensor = tensors[path] else { continue }
      sha.update("\(path) \(tensor.shape)\n")
      tensor.bytes.withUnsafeBytes { sha.update($0) }
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

extension SHA256Stream {
  mutating func update(_ text: String) {
    Array(text.utf8).withUnsafeBytes { update($0) }
  }
}
