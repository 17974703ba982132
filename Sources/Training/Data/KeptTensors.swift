// Tensors that are computed once before a training, in files, so that an erasure that was interrupted goes on after the last of
// them: targets of a loss, sums over pictures. The files rest beside those of trajectories (``DrawnParts``), and go with them.
internal import Foundation
package import Torch

/// Tensors of one computation in files of the run that prepares its training.
package struct KeptTensors {
  private let place: DrawnParts.Place
  private let request: String

  /// - Parameter request: everything that the tensors depend on, beside the model and the request of the run
  /// - Returns: nil where no run keeps them
  package init?(of request: JSON) {
    guard let place = DrawnParts.place else { return nil }
    (self.place, self.request) = (place, request.compact)
  }

  private func file(_ part: Int) -> URL {
    place.folder.appendingPathComponent(
      "kept-\(String(request.fingerprint, radix: 16))-\(part).state.safetensors")
  }

  /// Writes the tensors of a part.
  /// - Parameter done: the number of units that are in them
  package func write(_ tensors: [Tensor], part: Int, done: Int) throws {
    var named: [String: Tensor] = [:]
    for (i, tensor) in tensors.enumerated() { named["\(i)"] = tensor.detached().contiguous() }
    try SafeTensors.write(
      named, metadata: ["identity": place.identity, "request": request, "done": "\(done)"],
      to: file(part), durable: false)
  }

  /// The tensors of a part that an interrupted run left; nil where there are none, or others.
  /// - Parameter shapes: the shapes that they have, all in float32
  /// - Returns: copies of them, and the number of units in them, from 1 to `most`
  package func read(
    part: Int, shapes: [[Int]], most: Int, on device: Device
  ) -> (tensors: [Tensor], done: Int)? {
    guard FileManager.default.fileExists(atPath: file(part).path),
      let stored = try? SafeTensors(contentsOf: file(part), finite: true),
      stored.metadata["identity"] == place.identity, stored.metadata["request"] == request,
      let done = stored.metadata["done"].flatMap({ Int($0) }), (1...max(1, most)).contains(done),
      stored.tensors.count == shapes.count
    else { return nil }
    let found = shapes.indices.compactMap { i in
      stored.tensors["\(i)"].flatMap { tensor in
        tensor.shape == shapes[i] && tensor.dtype == .float32 ? tensor.cloned().to(device) : nil
      }
    }
    return found.count == shapes.count ? (found, done) : nil
  }
}
