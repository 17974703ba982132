internal import Foundation
internal import Processes
package import Torch
internal import TorchNN

/// Everything beside the parameters that a loop needs to go on as if it had never stopped.
package struct TrainingState {
  /// Steps that are done.
  package internal(set) var step = 0
  var optimizer: any Optimizer
  /// The weights that are kept instead of the last; nil where the last are.
  var average: MovingAverage?
  /// ``Step/carried``
  var carried: [String: Double] = [:]
  /// ``TrainingLoop/Work``
  var work: Int {
    get { Int(bounded: carried[Self.workKey] ?? 0, 0...Int.max / 2) }
    set { carried[Self.workKey] = Double(newValue) }
  }
  private static let workKey = "work"
  /// ``Step/carriedTensors``
  var carriedTensors: [String: Tensor] = [:]

  package init(_ training: Training, _ parameters: [Tensor]) {
    optimizer = training.optimizer.make()
    if training.shardsOptimizer, let ranks = Ranks.dividing {
      optimizer = ShardedOptimizer(optimizer, parameters, over: ranks)
    }
    if training.averaging > 0 {
      average = MovingAverage(
        parameters, decay: training.averaging, warmsUp: training.averagingWarmup)
    }
  }

  /// - Parameter identity: ``Run/identity``
  func save(_ file: URL, _ parameters: [Tensor], identity: String?) throws {
    var all: [String: Tensor] = [:]
    for (i, tensor) in parameters.enumerated() { all["parameter.\(i)"] = tensor.detached() }
    for (i, tensor) in (average?.tensors ?? []).enumerated() { all["average.\(i)"] = tensor }
    for (name, tensor) in optimizer.wholeState(for: parameters) {
      all["optimizer.\(name)"] = tensor
    }
    for (name, tensor) in carriedTensors { all[Self.carriedPrefix + name] = tensor.detached() }
    let carried = try JSON(encoding: self.carried).compact
    var metadata = ["step": "\(step)", "carried": carried]
    metadata["identity"] = identity
    try SafeTensors.write(all, metadata: metadata, to: file)
  }

  /// Takes the state in `file` and its parameters; nothing changes when there is no such file.
  ///
  /// The optimizer's kernels write to its tensors without looking at their sizes, so every name, shape and element
  /// type is checked before anything is taken.
  /// - Parameters:
  ///   - last: the step that the training ends with
  ///   - identity: ``Run/identity``; files of version 0.1 carry none
  /// - Throws: ``LetheError`` of the kind `model` for the state of another training
  mutating func restore(_ file: URL, into parameters: [Tensor], last: Int, identity: String?) throws
  {
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    func refused(_ why: String) -> LetheError {
      .malformed(
        file, why + "; it is the state of another training: remove it or choose another --out")
    }
    let stored = try SafeTensors(contentsOf: file)
    if let own = identity, let other = stored.metadata["identity"], own != other {
      throw refused("it belongs to the request \(other.prefix(12)), this is \(own.prefix(12))")
    }
    let written = stored.metadata["step"]
    guard let step = written.flatMap({ Int($0) }), step >= 0, step <= last else {
      throw refused("'step' is \(written ?? "missing"); accepted: 0 to \(last)")
    }
    guard
      let carried = try? JSONDecoder().decode(
        [String: Double].self, from: Data((stored.metadata["carried"] ?? "{}").utf8))
    else { throw refused("'carried' holds no numbers by name") }
    let expected = expectedTensors(parameters)
    let handed = stored.tensors.filter { $0.key.hasPrefix(Self.carriedPrefix) }
    if let stray = stored.tensors.keys.filter({ expected[$0] == nil && handed[$0] == nil }).min() {
      throw refused("'\(stray)' is no tensor of this state")
    }
    for (name, like) in expected.sorted(by: { $0.key < $1.key }) {
      guard let tensor = stored.tensors[name] else { throw refused("'\(name)' is missing") }
      guard tensor.shape == like.shape, tensor.dtype == like.dtype else {
        throw refused(
          "'\(name)' is \(tensor.dtype)\(tensor.shape); accepted: \(like.dtype)\(like.shape)")
      }
      guard name.hasPrefix("optimizer.") || tensor.isFinite else {
        throw refused("'\(name)' holds a value that is not a finite number")
      }
    }
    if let broken = handed.filter({ !$0.value.isFinite }).keys.min() {
      throw refused("'\(broken)' holds a value that is not a finite number")
    }
    let device = parameters.first?.device ?? .cpu
    func list(_ prefix: String) -> [Tensor] {
      parameters.indices.compactMap { stored.tensors["\(prefix).\($0)"]?.to(device) }
    }
    withoutGradients { Foreach.copy(parameters, from: list("parameter")) }
    var tensors: [String: Tensor] = [:]
    for (name, tensor) in stored.tensors where name.hasPrefix("optimizer.") {
      tensors[String(name.dropFirst("optimizer.".count))] = tensor.to(device)
    }
    optimizer.state = tensors
    average = average?.restored(list("average").map { $0.cloned() })
    (self.step, self.carried) = (step, carried)
    carriedTensors = [:]
    for (name, tensor) in handed {
      carriedTensors[String(name.dropFirst(Self.carriedPrefix.count))] = tensor.to(device)
    }
  }

  private static let carriedPrefix = "carried."

  /// Shape and element type of every tensor in a file of this state.
  private func expectedTensors(
    _ parameters: [Tensor]
  ) -> [String: (shape: [Int], dtype: DType)] {
    var all: [String: (shape: [Int], dtype: DType)] = [:]
    for (i, tensor) in parameters.enumerated() {
      all["parameter.\(i)"] = (tensor.shape, tensor.dtype)
      if average != nil { all["average.\(i)"] = (tensor.shape, tensor.dtype) }
    }
    for (name, shape) in optimizer.stateShapes(for: parameters) {
      let place = name.split(separator: ".").last.flatMap { Int($0) } ?? 0
      let like = parameters.indices.contains(place) ? parameters[place].dtype : .float32
      all["optimizer.\(name)"] = (shape, shape.isEmpty ? .float32 : like)
    }
    return all
  }
}
