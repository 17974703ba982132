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

  /// Time and memory as the page has them.
  var facts: [String: String] { Self.facts(in: run.runFolder) }

  /// The same of a folder; nothing where no stage was recorded.
  static func facts(in folder: RunFolder) -> [String: String] {
    let log = (try? InputFile.text(folder.own(file))) ?? ""
    let events = log.split(separator: "\n").compactMap {
      try? JSONText.value(Data($0.utf8))
    }
    guard !events.isEmpty else { return [:] }
    let stages = events.compactMap { $0["stage"]?.string }
    let times = Dictionary(grouping: events) { $0["stage"]?.string ?? "" }
      .mapValues { $0.compactMap { $0["seconds"]?.number }.reduce(0, +) }
    let memory = events.compactMap { $0["bytes"]?.number }.max() ?? 0
    func text(_ seconds: Double) -> String {
      String(format: seconds < 600 ? "%.0f s" : "%.1f min", seconds < 600 ? seconds : seconds / 60)
    }
    let parts = Set(stages).sorted {
      (stages.firstIndex(of: $0) ?? 0) < (stages.firstIndex(of: $1) ?? 0)
    }
    return [
      "time": parts.map { "\($0) \(text(times[$0] ?? 0))" }.joined(separator: ", ")
        + "; together \(text(times.values.reduce(0, +)))",
      "memory": String(format: "at most %.1f GB", memory / 1e9),
    ]
  }
}
