internal import Foundation
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

  package init(_ training: Training, _ parameters: [Tensor]) {
    optimizer = training.optimizer.make()
    if training.averaging > 0 {
      average = MovingAverage(parameters, decay: training.averaging)
    }
  }

  func save(_ file: URL, _ parameters: [Tensor]) throws {
    var all: [String: Tensor] = [:]
    for (i, tensor) in parameters.enumerated() { all["parameter.\(i)"] = tensor.detached() }
    for (i, tensor) in (average?.tensors ?? []).enumerated() { all["average.\(i)"] = tensor }
    for (name, tensor) in optimizer.state { all["optimizer.\(name)"] = tensor }
    let carried = try JSON(encoding: self.carried).compact
    try SafeTensors.write(all, metadata: ["step": "\(step)", "carried": carried], to: file)
  }

  /// Takes the state in `file` and its parameters; nothing changes when there is no such file.
  /// - Throws: ``LetheError`` for the state of another model
  mutating func restore(_ file: URL, into parameters: [Tensor]) throws {
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    let stored = try SafeTensors(contentsOf: file)
    let device = parameters.first?.device ?? .cpu
    func list(_ prefix: String) -> [Tensor] {
      (0..<parameters.count).compactMap { stored.tensors["\(prefix).\($0)"]?.to(device) }
    }
    let found = list("parameter")
    guard let step = stored.metadata["step"].flatMap({ Int($0) }),
      found.map(\.shape) == parameters.map(\.shape)
    else {
      throw LetheError.malformed(
        file, "it is the state of another model; remove it or choose another --out")
    }
    withoutGradients { Foreach.copy(parameters, from: found) }
    var tensors: [String: Tensor] = [:]
    for (name, tensor) in stored.tensors where name.hasPrefix("optimizer.") {
      tensors[String(name.dropFirst("optimizer.".count))] = tensor.to(device)
    }
    optimizer.state = tensors
    average = average.map {
      MovingAverage(restoring: list("average").map { $0.cloned() }, decay: $0.decay)
    }
    let carried = stored.metadata["carried"].flatMap {
      try? JSONDecoder().decode([String: Double].self, from: Data($0.utf8))
    }
    (self.step, self.carried) = (step, carried ?? [:])
  }
}
