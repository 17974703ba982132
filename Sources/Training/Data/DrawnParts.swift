// Parts of trajectories and of pictures in files, so that an erasure that was interrupted while they were drawn goes on after
// the last part. A trajectory of a large model takes minutes. The files carry the identity of their request and go with the
// other states once the eraser is written; until then a training that goes on takes its trajectories and pictures from them.
package import Diffusion
internal import Foundation
internal import Processes
package import Torch

/// The states of some trajectories that go through the network together, or of some pictures, in files of a run.
package struct DrawnParts {
  /// The folder of a run that keeps parts, and the hash of its request.
  struct Place: Sendable {
    let folder: URL
    let identity: String
  }
  @TaskLocal static var place: Place?

  /// A state that is kept, of the trajectory `row` at the step `index`.
  package struct Kept {
    package let row: Int
    package let index: Int
    package let state: DenoisingPath.State

    package init(row: Int, index: Int, state: DenoisingPath.State) {
      (self.row, self.index, self.state) = (row, index, state)
    }
  }

  /// Parts of the steps of a trajectory, at most.
  private static let most = 8

  private let place: Place
  private let request: String
  private let first: Int
  /// Steps of a part.
  private let length: Int
  private var part = 0
  /// The steps that are in files.
  private var done = 0

  /// Runs `body`, whose trajectories rest in the folder of `run`, where that one keeps states.
  package static func keeping<T>(in run: Run, _ body: () throws -> T) rethrows -> T {
    // Ranks draw the same trajectories, each for itself.
    guard run.keepsStates, run.ranks.isAlone, let identity = run.identity else {
      return try body()
    }
    return try $place.withValue(Place(folder: run.folder, identity: identity), operation: body)
  }

  /// - Parameters:
  ///   - request: everything that the trajectories depend on, beside the model
  ///   - first: the number of the first of those that go through the network together
  /// - Returns: nil where no run keeps them
  package init?(of request: JSON, first: Int, steps: Int) {
    guard let place = Self.place else { return nil }
    (self.place, self.request, self.first) = (place, request.compact, first)
    length = max(1, (steps + Self.most - 1) / Self.most)
  }

  /// Whether a part ends before the step `index`.
  package func ends(before index: Int) -> Bool { index - done >= length }

  private var file: URL {
    place.folder.appendingPathComponent(
      "drawn-\(String(request.fingerprint, radix: 16))-\(first)-\(part).state.safetensors")
  }

  /// Writes the states since the last part, and the pictures that the path goes on from.
  package mutating func write(_ all: [Kept], _ path: DenoisingPath) throws {
    guard path.index > done else { return }
    let kept = all.filter { $0.index >= done }
    var tensors = ["next": path.x]
    for one in kept {
      let name = "\(one.row).\(one.index)"
      (tensors["x.\(name)"], tensors["c.\(name)"]) = (one.state.x, one.state.conditional)
      tensors["e.\(name)"] = one.state.unconditional
    }
    try SafeTensors.write(
      tensors.mapValues { $0.detached().contiguous() },
      metadata: ["identity": place.identity, "request": request, "index": "\(path.index)"],
      to: file,
      durable: false)
    (part, done) = (part + 1, path.index)
  }

  /// Takes the parts that an interrupted run left, as far as they belong to this request, and leads the path behind
  /// them.
  /// - Parameter isKept: whether a state of a row and a step is kept
  package mutating func resume(
    _ path: inout DenoisingPath, rows: Int, isKept: (_ row: Int, _ index: Int) -> Bool
  ) -> [Kept] {
    var all: [Kept] = []
    while FileManager.default.fileExists(atPath: file.path),
      let stored = try? SafeTensors(contentsOf: file, finite: true),
      stored.metadata["identity"] == place.identity, stored.metadata["request"] == request,
      let end = stored.metadata["index"].flatMap({ Int($0) }), end > path.index, end <= path.count,
      let found = Self.states(stored, path, path.index..<end, rows: rows, isKept),
      let next = stored.tensors["next"], next.shape == path.x.shape, next.dtype == path.x.dtype
    {
      path.goOn(at: end, next.to(path.x.device))
      all += found
      (part, done) = (part + 1, end)
    }
    return all
  }

  /// The states of a part; nil for a file that lacks one or has others.
  private static func states(
    _ stored: SafeTensors, _ path: DenoisingPath, _ steps: Range<Int>, rows: Int,
    _ isKept: (Int, Int) -> Bool
  ) -> [Kept]? {
    var (all, taken) = ([Kept](), 1)
    let shape = [1] + path.x.shape.dropFirst()
    for index in steps {
      for row in 0..<rows where isKept(row, index) {
        func tensor(_ kind: String) -> Tensor? {
          guard let found = stored.tensors["\(kind).\(row).\(index)"], found.shape == shape else {
            return nil
          }
          taken += 1
          return found.to(path.x.device)
        }
        guard let x = tensor("x"), let conditional = tensor("c") else { return nil }
        let empty = tensor("e")
        guard (empty != nil) == path.isGuided else { return nil }
        let state = DenoisingPath.State(
          timesteps: [path.timesteps(index)[row]], x: x, unconditional: empty,
          conditional: conditional)
        all.append(Kept(row: row, index: index, state: state))
      }
    }
    return taken == stored.tensors.count ? all : nil
  }
}
