internal import Foundation
internal import Torch

/// Everything a loop needs to go on as if it had never stopped.
struct TrainingState {
  var step: Int
  var parameters: [Tensor]
  var average: [Tensor]
  var optimizer: [String: Tensor]
  /// ``Step/carried``
  var carried: [String: Double] = [:]

  func save(_ file: URL) throws {
    var all: [String: Tensor] = [:]
    for (i, tensor) in parameters.enumerated() { all["parameter.\(i)"] = tensor.detached() }
    for (i, tensor) in average.enumerated() { all["average.\(i)"] = tensor }
    for (name, tensor) in optimizer { all["optimizer.\(name)"] = tensor }
    let carried = try JSON(encoding: self.carried).compact
    try SafeTensors.write(all, metadata: ["step": "\(step)", "carried": carried], to: file)
  }

  /// The state in `file`, or nil when there is none; an error when it belongs to another model.
  static func load(_ file: URL, like parameters: [Tensor]) throws -> TrainingState? {
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let stored = try SafeTensors(contentsOf: file)
    func list(_ prefix: String) -> [Tensor] {
      (0..<parameters.count).compactMap { stored.tensors["\(prefix).\($0)"] }
    }
    let device = parameters.first?.device ?? .cpu
    let found = list("parameter").map { $0.to(device) }
    guard let step = stored.metadata["step"].flatMap({ Int($0) }),
      found.map(\.shape) == parameters.map(\.shape)
    else {
      throw LetheError.malformed(
        file, "it is the state of another model; remove it or choose another --out")
    }
    var optimizer: [String: Tensor] = [:]
    for (name, tensor) in stored.tensors where name.hasPrefix("optimizer.") {
      optimizer[String(name.dropFirst("optimizer.".count))] = tensor.to(device)
    }
    let carried = stored.metadata["carried"].flatMap {
      try? JSONDecoder().decode([String: Double].self, from: Data($0.utf8))
    }
    return TrainingState(
      step: step, parameters: found, average: list("average").map { $0.to(device).cloned() },
      optimizer: optimizer, carried: carried ?? [:])
  }
}
