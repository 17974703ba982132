internal import Crypto
package import Diffusion
internal import Foundation
internal import Torch
internal import TorchNN

extension DiffusionModel {
  /// SHA-256 over every parameter's path, shape and bytes, in the order of the paths.
  package func hash() -> String {
    var sha = SHA256()
    for path in parameters.paths.sorted() {
      guard let tensor = parameters[path] else { continue }
      sha.update(data: Data("\(path) \(tensor.shape)\n".utf8))
      sha.update(data: Data(tensor.bytes))
    }
    return sha.finalize().map { String(format: "%02x", $0) }.joined()
  }
}
