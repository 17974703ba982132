public import Torch

/// The one owner of a model's tensors. Layers claim theirs by path while they are built; loading,
/// cloning and initialising differ only in the source that the claims are answered from.
public final class ParameterStore {
  package enum Source {
    case initial(Generator)
    /// Tensors by full path. With `shared` they are used as they are; otherwise the caller hands
    /// over tensors that nobody else writes to.
    case tensors([ParameterPath: Tensor])
    /// Nothing: layers get empty tensors, and the store learns the paths that a configuration asks for.
    case names
  }

  /// Every parameter, in the order in which layers claimed them.
  public private(set) var paths: [ParameterPath] = []
  /// Every parameter by its path.
  public private(set) var tensors: [ParameterPath: Tensor] = [:]

  private let source: Source
  private let device: Device
  /// Nil takes tensors in the type that they have.
  private let dtype: DType?
  private var missing: [ParameterPath] = []
  private var misshapen: [CheckpointMismatch.Misshapen] = []
  private var mistyped: [(path: ParameterPath, dtype: DType)] = []

  package init(_ source: Source, on device: Device = .cpu, _ dtype: DType? = .float32) {
    (self.source, self.device, self.dtype) = (source, device, dtype)
  }

  package var root: Scope { Scope(store: self, path: ParameterPath("")) }

  /// The parameter at a path; nil where no layer claimed one.
  public subscript(_ path: ParameterPath) -> Tensor? { tensors[path] }

  /// - Parameters:
  ///   - aligned: whether a tensor of a file is copied where the file has it at an odd place
  ///   - convolves: whether a convolution multiplies by it
  func claim(
    _ path: ParameterPath, _ shape: [Int], _ initial: Initializer, aligned: Bool = false,
    convolves: Bool = false
  ) -> Tensor {
    let tensor: Tensor
    switch source {
    case .names: tensor = .zeros([0])
    case .initial(let generator):
      tensor = initial.tensor(shape, generator).to(device, dtype ?? .float32)
    case .tensors(let all):
      guard let found = all[path] else {
        missing.append(path)
        return absent(path)
      }
      guard found.dtype.isFloatingPoint else {
        mistyped.append((path, found.dtype))
        return absent(path)
      }
      guard found.shape == shape else {
        // Old VAE attention weights are 1 x 1 convolutions of the same numbers.
        if found.count == shape.reduce(1, *),
          found.shape.filter({ $0 != 1 }) == shape.filter({ $0 != 1 })
        {
          return register(path, found.reshaped(shape).to(device, dtype ?? found.dtype))
        }
        misshapen.append(.init(path: path, expected: shape, found: found.shape))
        return absent(path)
      }
      let usable = found.to(device, dtype ?? found.dtype)
      if convolves, ConvolutionLayout.isChannelsLast(usable) {
        tensor = usable.channelsLast()
      } else {
        tensor = aligned ? usable.aligned() : usable
      }
    }
    return register(path, tensor)
  }

  /// Stands for a tensor that ``check(ignoring:)`` will refuse. It is empty, because its shape is a stranger's wish.
  private func absent(_ path: ParameterPath) -> Tensor {
    register(path, .zeros([0], dtype ?? .float32))
  }

  private func register(_ path: ParameterPath, _ tensor: Tensor) -> Tensor {
    precondition(tensors[path] == nil, "two layers claim \(path)")
    paths.append(path)
    tensors[path] = tensor
    return tensor
  }

  /// Throws one error with every name that is missing, unexpected or misshapen.
  package func check(ignoring ignored: (ParameterPath) -> Bool = { _ in false }) throws {
    var unexpected: [ParameterPath] = []
    if case .tensors(let all) = source {
      unexpected = all.keys.filter { tensors[$0] == nil && !ignored($0) }.sorted()
    }
    guard missing.isEmpty, unexpected.isEmpty, misshapen.isEmpty, mistyped.isEmpty else {
      throw LetheError.model(
        CheckpointMismatch(
          missing: missing, unexpected: unexpected, misshapen: misshapen, mistyped: mistyped
        ).sentence)
    }
  }

  /// Refuses layers without end before they are built: each has a tensor at least.
  /// - Parameter layers: layers that a configuration asks for below `prefix`
  /// - Throws: ``LetheError`` of the kind `model` where the file has fewer tensors than that
  func check(layers: Int, below prefix: ParameterPath, key: String) throws {
    guard case .tensors(let all) = source else {
      try Self.mostLayers.check(
        layers, "\(prefix.name.isEmpty ? "the network" : prefix.name), by its '\(key)',")
      return
    }
    let start = prefix.name.isEmpty ? "" : prefix.name + "."
    let found = all.keys.count { $0.name.hasPrefix(start) }
    guard layers <= max(found, 1) else {
      throw LetheError.model(
        "\(prefix.name.isEmpty ? "the network" : prefix.name): '\(key)' asks for \(layers) layers; accepted: at most \(found), the tensors that the file has there"
      )
    }
  }

  /// Of a network that is not read from a file.
  private static let mostLayers = Limit(10_000, "layers")

  /// The same tensors for another model, with those that `owned` chooses copied and the rest shared.
  package func source(owning owned: (ParameterPath) -> Bool) -> Source {
    .tensors(
      tensors.reduce(into: [:]) {
        $0[$1.key] = owned($1.key) ? $1.value.detached().cloned() : $1.value
      })
  }

  /// Numbers in all parameters.
  public var count: Int { tensors.values.reduce(0) { $0 + $1.count } }
}

/// A place in a store, from which a layer claims its parameters: `s["down_blocks"][0]["resnets"]`.
package struct Scope {
  let store: ParameterStore
  package let path: ParameterPath

  package subscript(_ name: String) -> Scope { Scope(store: store, path: path.appending(name)) }
  package subscript(_ index: Int) -> Scope { self["\(index)"] }

  /// Every tensor claimed here or below, in the order of the claims.
  package var tensors: [Tensor] {
    let prefix = path.name + "."
    return store.paths.filter { $0.name.hasPrefix(prefix) }.compactMap { store[$0] }
  }

  /// - Throws: ``LetheError`` of the kind `model` for more layers than the file has tensors here
  package func check(layers: Int, key: String) throws {
    try store.check(layers: layers, below: path, key: key)
  }

  package func parameter(
    _ name: String, _ shape: [Int], _ initial: Initializer, aligned: Bool = false,
    convolves: Bool = false
  ) -> Tensor {
    store.claim(
      path.appending(name), shape, initial, aligned: aligned, convolves: convolves)
  }
}

/// A checkpoint that does not fit the model: everything that is wrong with it, at once.
struct CheckpointMismatch {
  struct Misshapen {
    var path: ParameterPath
    var expected: [Int]
    var found: [Int]
  }
  var missing: [ParameterPath]
  var unexpected: [ParameterPath]
  var misshapen: [Misshapen]
  var mistyped: [(path: ParameterPath, dtype: DType)] = []

  var sentence: String {
    var lines: [String] = []
    for path in missing.prefix(5) {
      let near =
        unexpected.map(\.name).nearest(to: path.name).map { ", the file has '\($0)'" } ?? ""
      lines.append("missing '\(path)'\(near)")
    }
    if missing.count > 5 { lines.append("and \(missing.count - 5) more missing") }
    for path in unexpected.prefix(5) { lines.append("unexpected '\(path)'") }
    if unexpected.count > 5 { lines.append("and \(unexpected.count - 5) more unexpected") }
    for m in misshapen.prefix(5) {
      lines.append("'\(m.path)' has shape \(m.found), the configuration asks for \(m.expected)")
    }
    for m in mistyped.prefix(5) {
      lines.append("'\(m.path)' holds \(m.dtype) numbers; accepted: floating-point ones")
    }
    return "the checkpoint does not fit its configuration: " + lines.joined(separator: "; ")
  }
}
