internal import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Workbench

/// The time and memory of an audit's stages, kept in `times.jsonl`. An audit that is finished adds nothing.
struct AuditClock {
  private static let file = "times.jsonl"
  private let run: Run
  private let device: Device
  private let isFinished: Bool

  init(_ run: Run, _ device: Device) {
    (self.run, self.device) = (run, device)
    isFinished = (try? run.runFolder.results())?.audit != nil
  }

  /// Runs a stage and keeps its time.
  func timed<T>(_ stage: String, _ body: () throws -> T) throws -> T {
    let start = Date()
    let value = try body()
    if !isFinished {
      try run.record(
        [
          "stage": .string(stage), "seconds": .number(Date().timeIntervalSince(start)),
          "bytes": .int(device.peakMemory),
        ], to: Self.file)
    }
    return value
  }

  var cost: AuditSummary.Cost? { Self.cost(in: run.runFolder) }

  /// Time and memory of a folder's stages; nil where none was recorded.
  static func cost(in folder: RunFolder) -> AuditSummary.Cost? {
    let log = (try? InputFile.text(folder.own(file))) ?? ""
    let events = log.split(separator: "\n").compactMap {
      try? JSONText.value(Data($0.utf8))
    }
    guard !events.isEmpty else { return nil }
    var cost = AuditSummary.Cost()
    for event in events {
      guard let stage = event["stage"]?.string, let seconds = event["seconds"]?.number else {
        continue
      }
      cost.add(seconds, to: stage)
      cost.memory = max(cost.memory, event["bytes"]?.number ?? 0)
    }
    return cost
  }
}
